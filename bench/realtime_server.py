"""Our side of the bench of sockets: `prepare` says who listens, `serve PORT` serves, `publish` tells what it must."""

import json
import sys
import time
from typing import Any

import django
import uvicorn
from django.conf import settings

django.setup()
settings.DEBUG = False  # which keeps a copy of every statement
settings.ALLOWED_HOSTS = ["*"]

from django.utils import timezone  # noqa: E402

from accounts import access_tokens  # noqa: E402
from accounts.models import Session, User  # noqa: E402
from accounts.services import sessions  # noqa: E402
from bench.world import user_id  # noqa: E402
from config.asgi import application  # noqa: E402
from core.actors import acting_as_service  # noqa: E402
from realtime import services as realtime  # noqa: E402
from realtime.asgi import limits  # noqa: E402

PAYLOAD: dict[str, Any] = {
    "transfer": user_id(7),
    "amount": 1_250_000,
    "currency": "NGN",
    "from": {"handle": "saver_2", "name": "Saver 2"},
    "note": "Rice and beans for the whole week, thank you",
    "balance": 98_765_432,
}


def prepare() -> None:
    at = timezone.now()
    with acting_as_service():
        ada = User.objects.get(pk=user_id(1))
    session = sessions.start(user=ada, face=Session.Face.APP, method="password", at=at)
    token = access_tokens.issue(user=ada, session=session, at=at)
    print(json.dumps({"topic": f"user:{ada.pk}", "token": token}))


def serve(port: int) -> None:
    """As `manage.py up` does, with room for all sockets to come from one address."""
    limits.SOCKETS_OF_ADDRESS = 1_000_000
    limits.CONNECTS = "1000000/minute"
    uvicorn.run(
        application,
        port=port,
        access_log=False,
        server_header=False,
        lifespan="off",
        log_level="warning",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        ws_max_size=limits.LARGEST_FRAME,
    )


def publish() -> None:
    """Publish `count` messages in one transaction for each line of the input; answer when it had committed."""
    for line in sys.stdin:
        command = json.loads(line)
        event = "transfer.received"
        with acting_as_service():
            realtime.publish_many(
                events=[
                    realtime.Event(command["topic"], event, PAYLOAD) for _number in range(command["count"])
                ]
            )
        print(json.dumps({"at": time.monotonic()}), flush=True)


if __name__ == "__main__":
    {"prepare": prepare, "serve": lambda: serve(int(sys.argv[2])), "publish": publish}[sys.argv[1]]()
