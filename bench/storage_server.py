"""The server of the bench of files: `prepare` fills the scratch world, `serve PORT` serves it."""

import json
import os
import sys
from pathlib import Path

import django
import uvicorn
from django.conf import settings

django.setup()
settings.DEBUG = False  # which keeps a copy of every statement
settings.ALLOWED_HOSTS = ["*"]
settings.STORAGE_RATE_LIMITS = dict.fromkeys(("default", "strangers", "heavy"), "1000000000/minute")
settings.STORAGES["files"] = {
    "BACKEND": "storage_app.blobs.FolderStorage",
    "OPTIONS": {"location": Path(os.environ["BENCH_FILES"])},
}

from django.utils import timezone  # noqa: E402

from accounts import access_tokens  # noqa: E402
from accounts.models import Session, User  # noqa: E402
from accounts.services import sessions  # noqa: E402
from bench.world import user_id  # noqa: E402
from config.asgi import application  # noqa: E402
from core.actors import acting_as_service  # noqa: E402
from storage_app.services import buckets  # noqa: E402


def prepare() -> None:
    at = timezone.now()
    with acting_as_service():
        ada = User.objects.get(pk=user_id(1))
        buckets.make(id="docs", at=at)
        buckets.make(id="shop", public=True, at=at)
    session = sessions.start(user=ada, face=Session.Face.APP, method="password", at=at)
    token = access_tokens.issue(user=ada, session=session, at=at)
    print(json.dumps({"folder": str(ada.pk), "token": token}))


def serve(port: int) -> None:
    """As `manage.py up` does."""
    uvicorn.run(
        application, port=port, access_log=False, server_header=False, lifespan="off", log_level="warning"
    )


if __name__ == "__main__":
    prepare() if sys.argv[1] == "prepare" else serve(int(sys.argv[2]))
