from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.idp.adapter import scopes
from accounts.services import apps


class Command(BaseCommand):
    help = "Register an app of a third party and print its id and secret. The secret is shown this once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--redirect-uri", action="append", required=True, help="Repeat for more.")
        parser.add_argument("--scope", action="append", required=True, choices=[*scopes()])
        parser.add_argument("--public", action="store_true", help="Runs on people's devices: has no secret.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            made = apps.register(
                name=options["name"],
                redirect_uris=options["redirect_uri"],
                scopes=options["scope"],
                public=options["public"],
            )
        except apps.BadRedirect as refused:
            raise CommandError(f"{refused.data['uri']}: {refused}") from None
        except apps.NotReady as refused:
            raise CommandError(str(refused)) from None
        self.stdout.write(f"client_id      {made.client.pk}")
        if made.secret:
            self.stdout.write(f"client_secret  {made.secret}")
