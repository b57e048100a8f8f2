"""For `collectstatic` while an image is built: static files need no store and no secret."""

from config.settings.base import *  # noqa: F403

SECRET_KEY = "unused: this process answers nobody"
EMBEDDED_STORES = False
ENCRYPTION_KEYS: list[str] = []
BLIND_INDEX_KEY = ""
DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "none", "USER": "alajo_app"}}
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "servestatic.storage.CompressedManifestStaticFilesStorage"},
}
