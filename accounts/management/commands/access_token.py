from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts import access_tokens
from accounts.models import Session, User
from accounts.services import factors, sessions
from core.actors import acting_as_service


class Command(BaseCommand):
    help = (
        "Print a person's access token, as their app has it after a log-in with both steps. For development."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")

    def handle(self, *, email: str, **options: Any) -> None:
        if not settings.SANDBOX:
            raise CommandError("Tokens are given out without a log-in in development only.")
        with acting_as_service():
            user = User.objects.filter(email=email.lower(), is_active=True).first()
        if user is None:
            raise CommandError(f"There is no active user {email}.")
        at = timezone.now()
        session = sessions.start(user=user, face=Session.Face.APP, method="password", at=at)
        if factors.factors_of(user=user):
            session = sessions.prove(session_id=session.pk, method="totp", at=at)
        self.stdout.write(access_tokens.issue(user=user, session=session, at=at))
