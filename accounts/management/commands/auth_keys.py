from typing import Any

from django.core.management.base import BaseCommand

from accounts import access_tokens


class Command(BaseCommand):
    help = "Print the keys by which apps reach /auth/v1: one is public, the other may do everything."

    def handle(self, **options: Any) -> None:
        self.stdout.write(f"anon={access_tokens.static_key('anon')}")
        self.stdout.write(f"service_role={access_tokens.static_key('service_role')}")
        self.stderr.write(
            "Apps carry the anon key. Keep the service_role key on servers: whoever has it is the service."
        )
