#!/usr/bin/env python
"""Runs Alajo's commands; `make help` lists the ones people use."""

import os
import sys

# These start the stores themselves, or need none.
WITHOUT_STORES = {"up", "help", "spectacular", "collectstatic", "makemessages", "compilemessages", "bench"}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
    from django.conf import settings
    from django.core.management import execute_from_command_line

    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    if command not in WITHOUT_STORES and not command.startswith("-") and settings.EMBEDDED_STORES:
        from core.embedded import ensure_running

        ensure_running(settings.STORES_ROOT, say=lambda text: print(text, file=sys.stderr))
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
