"""Sending to a topic without a socket: one message, or several at once."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.http.response import HttpResponseBase
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt
from redis.exceptions import RedisError

from core.actors import SERVICE, Actor, outside_transaction
from core.api.ratelimit import count
from core.callers import actor_of_bearer
from core.middleware import client_ip
from realtime.asgi import frames, limits
from realtime.asgi.rooms import group_of
from realtime.refusals import may_not_write
from realtime.services import rights
from realtime.services.control import INTERNAL
from realtime.wire.errors import Refusal, invalid, refusal_of, too_large, unauthorized

MOST_MESSAGES = 100
CALLS = "600/minute"

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outgoing:
    topic: str
    event: str
    body: frames.Body
    private: bool


@method_decorator([csrf_exempt, login_not_required, outside_transaction], name="dispatch")
class RealtimeView(View):
    """Names who asks, counts the request, and answers whatever is raised."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            if request.method != "POST" or not hasattr(self, "post"):
                raise Refusal(404, "not_found", "Not found")
            self.actor = _asking(request)
            handler: Callable[[HttpRequest], HttpResponse] = self.post
            response = handler(request)
        except Exception as error:
            refusal = refusal_of(error)
            if refusal.status >= 500:
                logger.error("request %s failed", getattr(request, "request_id", ""), exc_info=error)
            response = JsonResponse(refusal.body, status=refusal.status)
            if refusal.retry_after:
                response.headers["Retry-After"] = str(refusal.retry_after)
        response.headers["Cache-Control"] = "no-store"
        return response


class Many(RealtimeView):
    """`{"messages": [{topic, event, payload, private?}, …]}`: all of them are sent, or none."""

    def post(self, request: HttpRequest) -> HttpResponse:
        body = _json(_body(request))
        messages = body.get("messages") if isinstance(body, dict) else None
        if not isinstance(messages, list) or not 1 <= len(messages) <= MOST_MESSAGES:
            raise invalid(f"messages must be a list of 1 to {MOST_MESSAGES}")
        return _sent(self.actor, [_outgoing(message, n) for n, message in enumerate(messages)])


class One(RealtimeView):
    """The body is the payload: JSON, or bytes as `application/octet-stream`."""

    def post(self, request: HttpRequest) -> HttpResponse:
        topic, event = _address(request)
        private = request.GET.get("private", "false").lower()
        if private not in ("true", "false"):
            raise invalid("private must be true or false")
        kind = (request.content_type or "").lower()
        raw = _body(request)
        if kind == "application/octet-stream":
            body: frames.Body = raw
        elif kind in ("application/json", ""):
            body = frames.text(_json(raw)) if raw.strip() else "{}"
        else:
            raise Refusal(415, "unsupported_media_type", "Send application/json or application/octet-stream")
        return _sent(self.actor, [_checked(Outgoing(topic, event, body, private == "true"), "")])


class Nothing(RealtimeView):
    """Whatever else is asked for under this address."""


def _asking(request: HttpRequest) -> Actor:
    """Return who asks. Raises BearerRefused, Refusal for one who asks too often."""
    scheme, _space, bearer = request.headers.get("Authorization", "").strip().partition(" ")
    token = (bearer.strip() if scheme.lower() == "bearer" else "") or request.headers.get(
        "apikey", ""
    ).strip()
    if not token:
        raise unauthorized("No API key found in request")
    actor = actor_of_bearer(token)
    if actor.role != SERVICE:
        caller = f"user:{actor.user_id}" if actor.user_id else f"ip:{client_ip(request)}"
        hit = count("realtime:broadcast", CALLS, caller)
        if hit is not None and not hit.allowed:
            raise Refusal(429, "too_many_requests", "Too many requests", retry_after=hit.resets_in)
    return actor


def _address(request: HttpRequest) -> tuple[str, str]:
    """The topic and the event in the address, whose slashes are not ours if they were written as %2F."""
    scope = getattr(request, "scope", {})
    raw = scope.get("raw_path", b"").decode("ascii", "replace") or quote(request.path)
    parts = raw.partition("/api/broadcast/")[2].split("/")
    if len(parts) < 3 or parts[-2] != "events":
        raise Refusal(404, "not_found", "Not found")
    return unquote("/".join(parts[:-2])), unquote(parts[-1])


def _body(request: HttpRequest) -> bytes:
    try:
        return request.body
    except RequestDataTooBig:
        raise too_large("The request body is too large") from None
    except UnreadablePostError:
        raise Refusal(400, "bad_request", "The request body ended early") from None


def _json(raw: bytes) -> Any:
    try:
        return frames.parse(raw.decode())
    except UnicodeDecodeError:
        raise Refusal(400, "bad_request", "The body is not UTF-8") from None
    except frames.BadFrame as error:
        raise Refusal(400, "bad_request", f"The body cannot be read: {error}") from None


def _outgoing(message: Any, number: int) -> Outgoing:
    where = f"messages[{number}]."
    if not isinstance(message, dict):
        raise invalid(f"messages[{number}] must be an object")
    for name in ("topic", "event"):
        if not isinstance(message.get(name), str):
            raise invalid(f"{where}{name} must be text")
    private, payload = message.get("private") or False, message.get("payload")
    if not isinstance(private, bool):
        raise invalid(f"{where}private must be true or false")
    if not isinstance(payload, dict):
        raise invalid(f"{where}payload must be an object")
    return _checked(Outgoing(message["topic"], message["event"], frames.text(payload), private), where)


def _checked(message: Outgoing, where: str) -> Outgoing:
    if not 1 <= len(message.topic.encode()) <= limits.LONGEST_TOPIC or message.topic.startswith(INTERNAL):
        raise invalid(f"{where}topic must have 1 to {limits.LONGEST_TOPIC} bytes and begin with no $")
    if not 1 <= len(message.event.encode()) <= limits.LONGEST_NAME:
        raise invalid(f"{where}event must have 1 to {limits.LONGEST_NAME} bytes")
    if (
        len(message.body.encode() if isinstance(message.body, str) else message.body)
        > limits.LARGEST_BROADCAST
    ):
        raise too_large(f"{where}payload is larger than {limits.LARGEST_BROADCAST} bytes")
    return message


def _sent(actor: Actor, messages: list[Outgoing]) -> HttpResponse:
    """Send all of them. Raises Refusal where one may not be sent."""
    for topic in {message.topic for message in messages if message.private}:
        if "broadcast" not in rights.rights_of(actor=actor, topic=topic).writes:
            raise Refusal(403, "forbidden", may_not_write(topic).reason)
    try:
        async_to_sync(_tell)(messages)
    except (RedisError, OSError):
        raise Refusal(503, "unavailable", "Messages cannot be sent now, try again later") from None
    return HttpResponse(status=202)


async def _tell(messages: Iterable[Outgoing]) -> None:
    layer: Any = get_channel_layer()
    for message in messages:
        told = {"type": "broadcast", "process": "", "private": message.private, "topic": message.topic}
        group = group_of((message.private, message.topic))
        await layer.group_send(group, {**told, "event": message.event, "body": message.body})
