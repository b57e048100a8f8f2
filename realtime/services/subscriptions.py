"""Rows of subscriptions whose process is gone: it could not take them out itself."""

from datetime import datetime, timedelta

from core.actors import acting_as_service
from realtime.models import SocketProcess

# A process says every five seconds that it lives.
DEAD_AFTER = timedelta(minutes=1)


def forget_dead_processes(*, at: datetime) -> int:
    """Remove processes that have been silent, with their subscriptions; return how many they were.

    One that was only slow writes its rows again.
    """
    with acting_as_service():
        dead = SocketProcess.objects.filter(seen_at__lt=at - DEAD_AFTER)
        return len([process.delete() for process in dead])
