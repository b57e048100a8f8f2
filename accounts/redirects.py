"""Where people may be sent back to after a sign-in: this site, and what the settings list."""

from urllib.parse import urlsplit

from django.conf import settings


def allowed(url: str) -> str:
    """Return this address when people may be sent there; otherwise the site's own."""
    parts = urlsplit(url)
    origin = f"{parts.scheme}://{parts.netloc}/**"
    listed = [f"{settings.SITE_URL}/**", *getattr(settings, "REDIRECT_ALLOW_LIST", ())]
    return url if origin in listed else str(settings.SITE_URL)
