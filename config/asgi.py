"""One ASGI application: files as they stream, and Django: pages, API and, from a later floor, sockets."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")

# Django is set up before what stands on its models is imported.
_django = get_asgi_application()

from core.bodies import BodyLimit  # noqa: E402
from storage_app.asgi.app import Files  # noqa: E402

application = Files(BodyLimit(_django))
