from argparse import ArgumentParser
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts.idp.adapter import scopes
from accounts.services import apps

LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Command(BaseCommand):
    help = "Register an app of a third party and print its id and secret. The secret is shown this once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--redirect-uri", action="append", required=True, help="Repeat for more.")
        parser.add_argument("--scope", action="append", required=True, choices=[*scopes()])
        parser.add_argument("--public", action="store_true", help="Runs on people's devices: has no secret.")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.IDP_OIDC_PRIVATE_KEY:
            raise CommandError("Set ALAJO_IDP_PRIVATE_KEY first: it signs what apps are told.")
        for uri in options["redirect_uri"]:
            _check(uri)
        made = apps.register(
            name=options["name"],
            redirect_uris=options["redirect_uri"],
            scopes=options["scope"],
            public=options["public"],
        )
        self.stdout.write(f"client_id      {made.client.pk}")
        if made.secret:
            self.stdout.write(f"client_secret  {made.secret}")


def _check(uri: str) -> None:
    """A way back that nobody else can listen on. Raises CommandError."""
    parts = urlsplit(uri)
    secure = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    if not secure or not parts.netloc or parts.fragment or "*" in uri or "@" in parts.netloc:
        raise CommandError(f"{uri} cannot be a redirect address: https, without a fragment or a wildcard.")
