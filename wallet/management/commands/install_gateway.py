"""`manage.py install_gateway paystack`: take deposits through a gateway, or give it new credentials."""

import sys
from argparse import ArgumentParser
from getpass import getpass
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.actors import acting_as_service
from wallet import services
from wallet.models import PaymentGateway
from wallet.services import credentials, gateways


class Command(BaseCommand):
    """Credentials are asked for, or read from standard input, a line each in the order of their names: never from the
    command line, which others can see.
    """

    help = "Install a payment gateway; its credentials are read from standard input, a line each, by name."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("code", help="what this gateway is called here, such as paystack")
        parser.add_argument(
            "--kind", choices=sorted(credentials.FIELDS), default=PaymentGateway.Kind.PAYSTACK
        )
        parser.add_argument(
            "--priority", type=int, default=100, help="of a new one; the lowest is chosen first (100)"
        )
        parser.add_argument(
            "--currency", action="append", dest="currencies", help="NGN unless given; may be repeated"
        )

        parser.add_argument(
            "--untried", action="store_true", help="do not try the credentials at the gateway first"
        )

    def handle(self, *, code: str, kind: str, currencies: list[str] | None, **options: Any) -> None:
        given = {name: _read(name) for name in credentials.names_of(kind)}
        try:
            if not options["untried"]:
                gateways.try_credentials(kind=kind, credentials=given)
            with acting_as_service():
                services.install_gateway(
                    code=code,
                    kind=kind,
                    name=PaymentGateway.Kind(kind).label,
                    currencies=currencies or ["NGN"],
                    credentials=given,
                    priority=options["priority"],
                )
        except credentials.CredentialsUnfit as error:
            field = error.data.get("field", ", ".join(given))
            raise CommandError(f"{error} ({field})") from error
        except (gateways.CredentialsRefused, gateways.CredentialsUntried) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{code} takes {', '.join(currencies or ['NGN'])}.")


def _read(name: str) -> str:
    words = f"{name.replace('_', ' ').capitalize()}: "
    return (getpass(words) if sys.stdin.isatty() else sys.stdin.readline()).strip()
