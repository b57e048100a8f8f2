from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts import factors
from accounts.models import User
from core.actors import acting_as_service


class Command(BaseCommand):
    help = "Print a code that is good now, as somebody's authenticator app has it. Development only."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")

    def handle(self, *, email: str, **options: Any) -> None:
        if not settings.SANDBOX:
            raise CommandError("second_step works only in the development set-up.")
        with acting_as_service():
            user = User.objects.filter(email=email.lower()).first()
        if user is None:
            raise CommandError(f"There is no user {email}.")
        try:
            self.stdout.write(factors.current_code(user=user))
        except factors.NotEnrolled as error:
            raise CommandError(f"{email} has no authenticator app set up.") from error
        self.stderr.write("Good once, for half a minute.")
