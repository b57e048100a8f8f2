"""What the floors above call."""

from realtime.services.publishing import Event, NameTooLong, PayloadTooLarge, publish, publish_many

__all__ = ["Event", "NameTooLong", "PayloadTooLarge", "publish", "publish_many"]
