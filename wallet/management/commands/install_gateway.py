"""`manage.py install_gateway paystack`: take deposits through a gateway, or give it a new key."""

import sys
from argparse import ArgumentParser
from getpass import getpass
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.actors import acting_as_service
from wallet import services
from wallet.models import PaymentGateway


class Command(BaseCommand):
    """The secret key is asked for, or read from standard input: never from the command line, which others can see."""

    help = "Install a payment gateway; its secret key is read from standard input."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("code", help="what this gateway is called here, such as paystack")
        parser.add_argument(
            "--kind", choices=PaymentGateway.Kind.values, default=PaymentGateway.Kind.PAYSTACK
        )
        parser.add_argument(
            "--currency", action="append", dest="currencies", help="NGN unless given; may be repeated"
        )

    def handle(self, *, code: str, kind: str, currencies: list[str] | None, **options: Any) -> None:
        secret = (getpass("Secret key: ") if sys.stdin.isatty() else sys.stdin.readline()).strip()
        if not secret:
            raise CommandError("No secret key was given.")
        with acting_as_service():
            services.install_gateway(
                code=code,
                kind=kind,
                name=PaymentGateway.Kind(kind).label,
                currencies=currencies or ["NGN"],
                secret_key=secret,
            )
        self.stdout.write(f"{code} takes {', '.join(currencies or ['NGN'])}.")
