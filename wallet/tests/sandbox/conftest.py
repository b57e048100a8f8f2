"""A merchant, one who pays, and an endpoint for webhooks."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from wallet.tests.sandbox.steps import (
    Receiver,
)


@pytest.fixture
def receiver(settings) -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.got.append((body, self.headers["X-Paystack-Signature"]))
            status = receiver.statuses.pop(0) if receiver.statuses else 200
            if receiver.gate:
                receiver.gate.wait(timeout=60)
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        request_queue_size = 100

    server = Server(("127.0.0.1", 0), Handler)
    settings.PAYSTACK_WEBHOOK_URL = f"http://127.0.0.1:{server.server_port}/hook"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield receiver
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def api(live_server, settings) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {settings.PAYSTACK_SANDBOX_SECRET_KEY}"}
    with httpx.Client(
        base_url=f"{live_server.url}/sandbox/paystack/", headers=headers, trust_env=False
    ) as client:
        yield client


@pytest.fixture
def visitor(live_server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=live_server.url, trust_env=False) as client:
        yield client
