"""`manage.py dispatch`: hands events to sockets, notices and webhooks."""

import signal
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand

from realtime.dispatcher import Dispatcher


class Command(BaseCommand):
    """Runs until it is told to stop. `manage.py up` starts one; more of them, on other machines too, do no harm."""

    help = "Hand events to sockets, notices and webhooks."
    requires_system_checks: list[str] = []

    def handle(self, **options: Any) -> None:
        dispatcher = Dispatcher()

        def stop(number: int, frame: FrameType | None) -> None:
            dispatcher.stop()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stop)
        dispatcher.run()
