"""A server on this machine that webhooks are sent to: it keeps what it was told and answers as it is bidden."""

import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from django.utils import timezone
from standardwebhooks import Webhook

from accounts.models import WebhookDelivery, WebhookEndpoint
from accounts.services.webhooks import endpoints, planning, sending
from core.actors import acting_as_service
from core.ids import uuid7
from realtime.models import Message
from realtime.services.consuming import Told

NOW = timezone.now()


@dataclass
class Received:
    """One request, as it came."""

    body: bytes
    headers: dict[str, str]

    def verified_by(self, secret: str) -> dict[str, Any]:
        """What the reference library reads of it. Raises WebhookVerificationError."""
        told: dict[str, Any] = Webhook(secret).verify(self.body, self.headers)
        return told


@dataclass
class Receiver:
    """`answers` are given one after the other, the last ever after: a status, or a status with headers and a body."""

    url: str = ""
    received: list[Received] = field(default_factory=list)
    answers: list[Any] = field(default_factory=lambda: [204])
    during: Callable[[], None] = lambda: None

    def next_answer(self) -> tuple[int, dict[str, str], bytes]:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return answer if isinstance(answer, tuple) else (answer, {}, b"")

    @property
    def ids(self) -> list[str]:
        return [one.headers["webhook-id"] for one in self.received]


@contextmanager
def receiver(*answers: Any) -> Iterator[Receiver]:
    """Listen until the block ends."""
    mine = Receiver(answers=list(answers) or [204])

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            mine.received.append(Received(body, {name.lower(): text for name, text in self.headers.items()}))
            mine.during()
            status, headers, content = mine.next_answer()
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: Any) -> None:
            pass

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        mine.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
        try:
            yield mine
        finally:
            server.shutdown()


def make_endpoint(firm: Any, by: Any, *, url: str = "http://127.0.0.1:9/", **changes: Any) -> endpoints.Made:
    order = {"url": url, "event_types": ["*"], "at": timezone.now()}
    return endpoints.make(organization_id=firm.pk, by=by, **{**order, **changes})


def told_of(firm: Any, *events: str, **payload: Any) -> list[Told]:
    """Events of an organisation in the outbox, as the dispatcher hands them to a consumer."""
    rows = [
        Message(
            id=uuid7(),
            topic=f"org:{firm.pk}",
            extension=Message.Extension.EVENT,
            event=event,
            payload=payload or {"organization": "org_x"},
            inserted_at=timezone.now(),
        )
        for event in events
    ]
    with acting_as_service():
        Message.objects.bulk_create(rows)
    return [Told(row.id, row.topic, row.event, row.payload, row.inserted_at) for row in rows]


def plan(firm: Any, *events: str, **payload: Any) -> list[Told]:
    """As the dispatcher does, without starting a sender: the test sends by itself."""
    told = told_of(firm, *events, **payload)
    starting, planning.start_sending = planning.start_sending, lambda *_: None
    try:
        with acting_as_service():
            planning.take(told)
    finally:
        planning.start_sending = starting
    return told


def send_all(**how: Any) -> int:
    """Send what is due; return how many."""
    sent = 0
    while sending.send_next(**how):
        sent += 1
    return sent


def deliveries() -> list[WebhookDelivery]:
    with acting_as_service():
        return list(WebhookDelivery.objects.select_related("endpoint").order_by("pk"))


def attempts_of(delivery: WebhookDelivery) -> list[Any]:
    with acting_as_service():
        return list(delivery.tried.order_by("number"))


def fresh(endpoint: WebhookEndpoint) -> WebhookEndpoint:
    with acting_as_service():
        return WebhookEndpoint.objects.get(pk=endpoint.pk)
