"""`manage.py load_sanctions FILE --list NAME`: load a sanctions list from CSV, in place of the load before."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.services.kyc.sanctions_loading import BadFile, load


class Command(BaseCommand):
    help = (
        "Load a sanctions list from a CSV file with the columns id, name, aliases (parted by ;), born (YYYY-MM-DD or"
        " YYYY), country (two letters) and programme. All of it is loaded, or nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--list", required=True, dest="name", help="what the list is called")
        parser.add_argument("--source", default="", help="where the file is published")

    def handle(self, *, file: Path, name: str, source: str, **options: Any) -> None:
        name = " ".join(name.split())
        if not 1 <= len(name) <= 60 or not name.isprintable() or len(source) > 300:
            raise CommandError("A list's name has 1 to 60 letters, and its source 300 at most.")
        try:
            with file.open("rb") as opened:
                loaded, is_new = load(file=opened, name=name, source=source, at=timezone.now())
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}") from None
        except BadFile as bad:
            raise CommandError("\n".join([str(bad), *bad.data["lines"]])) from None
        if not is_new:
            self.stdout.write(f"{name}: the same file as before, nothing to do.")
        else:
            self.stdout.write(f"{name}: {loaded.rows} entries, {loaded.new_rows} of them new.")
