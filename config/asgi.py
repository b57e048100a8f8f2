"""One ASGI application: sockets, files as they stream, and Django: pages and API."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")

# Django is set up before what stands on its models is imported.
_django = get_asgi_application()

from core.bodies import BodyLimit  # noqa: E402
from realtime.asgi.app import Sockets  # noqa: E402
from storage_app.asgi.app import Files  # noqa: E402

application = Sockets(Files(BodyLimit(_django)))
