from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import ApiKey, Membership
from accounts.services import api_keys
from core.actors import acting_as_service
from core.api.scopes import all_scopes

LASTS = timedelta(days=7)


class Command(BaseCommand):
    help = (
        "Make an API key of an organisation, with every scope and for a week, and print it. For development."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="The word in the organisation's address, such as kasuwa-stores.")
        parser.add_argument("--live", action="store_true", help="A live key; a test key only rehearses.")

    def handle(self, *, slug: str, live: bool, **options: Any) -> None:
        if not settings.SANDBOX:
            raise CommandError("Keys are given out without a second step in development only.")
        with acting_as_service():
            owners = Membership.objects.filter(
                organization__slug=slug, organization__closed_at=None, role=Membership.Role.OWNER
            )
            owner = owners.select_related("user").order_by("pk").first()
        if owner is None:
            raise CommandError(f"There is no organisation {slug}.")
        at = timezone.now()
        made = api_keys.make(
            organization_id=owner.organization_id,
            by=owner.user,
            name="From the command line",
            mode=ApiKey.Mode.LIVE if live else ApiKey.Mode.TEST,
            scopes=all_scopes(),
            expires_at=at + LASTS,
            at=at,
        )
        self.stdout.write(made.secret)
