"""Reading the outbox in the order of commits: numbering what is new, and going on from a number."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from core.actors import as_service_for_one_statement

COLUMNS = "id, topic, extension, event, payload, binary_payload, private, owners, inserted_at"


@dataclass(frozen=True, slots=True)
class Placed:
    """A committed message and its place in the order of commits. `payload` is JSON text, None beside bytes."""

    position: int
    id: UUID
    topic: str
    extension: str
    event: str
    payload: str | None
    binary_payload: bytes | None
    private: bool
    owners: tuple[UUID, ...]
    inserted_at: datetime

    def packed(self) -> list[Any]:
        """As plain values, in the order of the fields, for the channel layer."""
        return [
            self.position,
            self.id.bytes,
            self.topic,
            self.extension,
            self.event,
            self.payload,
            self.binary_payload,
            self.private,
            [owner.bytes for owner in self.owners],
            self.inserted_at.isoformat(),
        ]

    @classmethod
    def unpacked(cls, values: list[Any]) -> "Placed":
        position, id, topic, extension, event, payload, binary, private, owners, inserted_at = values
        return cls(
            position,
            UUID(bytes=id),
            topic,
            extension,
            event,
            payload,
            binary,
            private,
            tuple(UUID(bytes=owner) for owner in owners),
            datetime.fromisoformat(inserted_at),
        )


def sequence(*, limit: int) -> list[Placed]:
    """Number about `limit` messages that have committed and have no number yet, and return them.

    Several processes may do so at once: each message gets one number, and whoever comes second gets nothing. Not inside
    a transaction that has published.
    """
    with as_service_for_one_statement():
        return _placed(f"select position, {COLUMNS} from realtime.sequence(%s)", [limit])


def after(position: int, *, limit: int) -> list[Placed]:
    """Return the first `limit` messages behind a position."""
    with as_service_for_one_statement():
        return _placed(f"select position, {COLUMNS} from realtime.after(%s, %s)", [position, limit])


def events_after(position: int, *, limit: int) -> list[Placed]:
    """Return those of the `limit` messages behind a position that services published."""
    with as_service_for_one_statement():
        return _placed(f"select position, {COLUMNS} from realtime.after(%s, %s, true)", [position, limit])


def head() -> int:
    """Return the position of the newest message that has one."""
    with as_service_for_one_statement(), connection.cursor() as cursor:
        cursor.execute("select position from realtime_horizon")
        return int(cursor.fetchone()[0])


def _placed(statement: str, parameters: list[Any]) -> list[Placed]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return [_read(*row) for row in cursor.fetchall()]


def _read(*columns: Any) -> Placed:
    position, id, topic, extension, event, payload, binary, private, owners, inserted_at = columns
    content = None if binary is None else bytes(binary)
    owned = tuple(owners or ())
    return Placed(position, id, topic, extension, event, payload, content, private, owned, inserted_at)
