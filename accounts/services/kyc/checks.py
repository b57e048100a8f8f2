"""What services find out about an application that was sent."""

from datetime import datetime

from accounts.models import KycApplication


def start(*, application: KycApplication, at: datetime) -> None:
    """Let the checks of an application begin when the running transaction has ended."""
