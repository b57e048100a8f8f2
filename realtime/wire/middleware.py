"""What surrounds `/realtime/v1` for clients in browsers: answers to their preflights, and errors they can read."""

from django.http import HttpRequest, HttpResponse, JsonResponse

from core.answers import AnswerMiddleware

PREFIX = "/realtime/v1/"
# Any origin may call: who asks is told by keys and tokens in headers, never by a cookie, so none are let through.
ANY_ORIGIN = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Retry-After, Request-Id",
}
PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
    "Access-Control-Allow-Headers": (
        "authorization, apikey, content-type, x-client-info, x-supabase-api-version, request-id, traceparent, "
        "tracestate, baggage"
    ),
    "Access-Control-Max-Age": "7200",
}
CODES = {
    400: "bad_request",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "payload_too_large",
}


class RealtimeMiddleware(AnswerMiddleware):
    """Answers preflights without a key, and puts what Django itself refuses (a bad host) in clients' words."""

    def before(self, request: HttpRequest) -> HttpResponse | None:
        if request.method != "OPTIONS" or not request.path.startswith(PREFIX):
            return None
        return HttpResponse(status=204, headers={**ANY_ORIGIN, **PREFLIGHT})

    def after(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        if not request.path.startswith(PREFIX):
            return response
        status = response.status_code
        if status >= 400 and response.headers.get("Content-Type", "").startswith("text/html"):
            fallback = "internal_error" if status >= 500 else "bad_request"
            message = "Internal Server Error" if status >= 500 else "Request refused"
            body = {"error": message, "message": message, "code": CODES.get(status, fallback)}
            response = JsonResponse(body, status=status, headers={"Cache-Control": "no-store"})
        for name, value in ANY_ORIGIN.items():
            response.headers[name] = value
        return response
