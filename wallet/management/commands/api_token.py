from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.api.authentication import issue
from accounts.models import User
from core.actors import acting_as_service
from wallet.api.scopes import SCOPES


class Command(BaseCommand):
    help = "Print a new API token of a person, for development. It is shown this once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument(
            "--scope", action="append", choices=[*SCOPES], help="Repeat for more; without it, all."
        )
        parser.add_argument("--days", type=int, default=30)

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.SANDBOX:
            raise CommandError("Development tokens are issued in development only.")
        if not 1 <= options["days"] <= 365:
            raise CommandError("A token lasts from 1 to 365 days.")
        with acting_as_service():
            user = User.objects.filter(email=options["email"].lower(), is_active=True).first()
        if user is None:
            raise CommandError(f"There is no active user {options['email']}.")
        expires_at = timezone.now() + timedelta(days=options["days"])
        scopes = options["scope"] or [*SCOPES]
        self.stdout.write(issue(user=user, name="development", scopes=scopes, expires_at=expires_at))
