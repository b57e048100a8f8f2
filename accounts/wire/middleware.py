"""What surrounds `/auth/v1` for clients in browsers: answers to their preflights, and errors they can read."""

from django.http import HttpRequest, HttpResponse, JsonResponse

from accounts.wire.errors import WireError, written
from core.answers import AnswerMiddleware

PREFIX = "/auth/v1/"
# Any origin may call: who asks is told by keys and tokens in headers, never by a cookie, so none are let through.
ANY_ORIGIN = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": (
        "Link, X-Total-Count, X-Supabase-Api-Version, x-sb-error-code, Retry-After, Request-Id"
    ),
}
PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST, PUT, PATCH, DELETE, OPTIONS",
    "Access-Control-Allow-Headers": (
        "authorization, apikey, content-type, x-client-info, x-supabase-api-version, x-upsert, x-metadata, "
        "x-signature, cache-control, range, if-none-match, request-id, traceparent, tracestate, baggage"
    ),
    "Access-Control-Max-Age": "7200",
}
CODES = {400: "bad_request", 404: "not_found", 405: "method_not_allowed", 413: "request_too_large"}
MESSAGES = {404: "Not found", 405: "Method not allowed", 413: "Request body is too large"}


class WireMiddleware(AnswerMiddleware):
    """Answers preflights without a key, and puts what Django itself refuses (no such path, a bad host) in our shape."""

    def before(self, request: HttpRequest) -> HttpResponse | None:
        return preflight(request)

    def after(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        return for_clients(request, response)


def preflight(request: HttpRequest) -> HttpResponse | None:
    if request.method != "OPTIONS" or not request.path.startswith(PREFIX):
        return None
    return HttpResponse(status=204, headers={**ANY_ORIGIN, **PREFLIGHT})


def for_clients(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """The response itself with what browsers need to show it, or a refusal of ours in place of a page."""
    if not request.path.startswith(PREFIX):
        return response
    status = response.status_code
    # A view of ours that shows a page has its reasons; nobody's path, or a fault round a view, has none.
    by_django = status >= 500 or (status >= 400 and request.resolver_match is None)
    if by_django and response.headers.get("Content-Type", "").startswith("text/html"):
        fallback = "unexpected_failure" if status >= 500 else "bad_request"
        error = WireError(status, CODES.get(status, fallback), MESSAGES.get(status, "Request refused"))
        body, headers = written(request, error)
        response = JsonResponse(body, status=status, headers=headers)
    for name, value in ANY_ORIGIN.items():
        response.headers[name] = value
    return response
