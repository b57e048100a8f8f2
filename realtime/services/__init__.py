"""What the floors above call."""

from realtime.services.control import end_sessions, recheck
from realtime.services.publishing import Event, NameTooLong, PayloadTooLarge, publish, publish_many

__all__ = [
    "Event",
    "NameTooLong",
    "PayloadTooLarge",
    "end_sessions",
    "publish",
    "publish_many",
    "recheck",
]
