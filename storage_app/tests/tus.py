"""Calling `/storage/v1/upload/resumable` as a client does."""

import base64
from typing import Any

import httpx

from accounts.models import User
from accounts.tests.factories import bearer
from core.actors import acting_as, acting_as_service
from storage_app.models import Object
from storage_app.services import objects

BYTES = "application/offset+octet-stream"
SPOKEN = {"Tus-Resumable": "1.0.0"}


def metadata(**told: str | bytes) -> str:
    values = ((key, value.encode() if isinstance(value, str) else value) for key, value in told.items())
    return ",".join(f"{key} {base64.b64encode(value).decode()}" for key, value in values)


def held(ada: User, name: str = "a") -> Object:
    with acting_as(ada):
        return objects.find(bucket_id="docs", name=f"{ada.id}/{name}")


def is_there(ada: User, name: str = "a") -> bool:
    with acting_as_service():
        return Object.objects.filter(name=f"{ada.id}/{name}").exists()


def told(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["tus-resumable"] == "1.0.0"
    return answer.status_code, answer.text


class Tus:
    """What one caller asks of a server."""

    def __init__(self, server: str, *, by: User | None = None, token: str = "") -> None:
        sign = "/sign" if token else ""
        self.url = f"{server}/storage/v1/upload/resumable{sign}"
        own = {"x-signature": token} if token else bearer(by) if by else {}
        self.client = httpx.Client(headers={**SPOKEN, **own}, timeout=30)

    def create(
        self,
        name: str,
        size: int | None,
        *,
        body: bytes | None = None,
        bucket: str = "docs",
        told: dict[str, str] | None = None,
        **headers: str,
    ) -> httpx.Response:
        length = {"Upload-Defer-Length": "1"} if size is None else {"Upload-Length": str(size)}
        facts = {"bucketName": bucket, "objectName": name, **(told or {"contentType": "text/plain"})}
        sent = {**length, "Upload-Metadata": metadata(**facts), **headers}
        if body is not None:
            sent["Content-Type"] = BYTES
        return self.client.post(self.url, headers=sent, content=body)

    def begun(self, name: str, size: int | None, **facts: Any) -> str:
        """The address of a new upload."""
        answer = self.create(name, size, **facts)
        assert answer.status_code == 201, answer.text
        return str(answer.headers["location"])

    def patch(self, url: str, offset: int, body: Any, **headers: str) -> httpx.Response:
        sent = {"Content-Type": BYTES, "Upload-Offset": str(offset), **headers}
        return self.client.patch(url, headers=sent, content=body)

    def offset(self, url: str) -> int:
        answer = self.client.head(url)
        assert answer.status_code == 200, answer.status_code
        return int(answer.headers["upload-offset"])
