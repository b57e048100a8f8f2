from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from accounts import access_tokens, audit
from core.actors import acting_as_service


class Command(BaseCommand):
    help = (
        "Make a new key for access tokens. The older ones verify until every token they signed has run out."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--algorithm", choices=access_tokens.ASYMMETRIC, default="ES256")

    def handle(self, *, algorithm: str, **options: Any) -> None:
        at = timezone.now()
        with acting_as_service():
            key = access_tokens.make_key(algorithm=algorithm, at=at)
            retired = access_tokens.retire_keys(at=at)
            audit.record(action="accounts.signing_key.made", target=key, algorithm=algorithm, retired=retired)
        self.stdout.write(
            f"{key.id} ({algorithm}) signs from {key.signs_from:%H:%M:%S %Z}; {retired} retired."
        )
