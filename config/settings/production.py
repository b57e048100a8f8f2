"""Production: every secret comes from the environment, and a missing one stops the start by name."""

from django.core.exceptions import ImproperlyConfigured

from config.settings.base import *  # noqa: F403
from config.settings.base import (
    CONTENT_SECURITY_POLICY,
    RUNTIME_OPTIONS,
    STORAGES,
    database,
    env,
    services,
    valkey,
)

_needed = {
    "DATABASE_URL": services.database_url,
    "DATABASE_OWNER_URL": services.database_owner_url,
    "REDIS_URL": services.redis_url,
    "ALAJO_SECRET_KEY": env.secret_key,
    "ALAJO_ENCRYPTION_KEYS": env.encryption_keys,
    "ALAJO_BLIND_INDEX_KEY": env.blind_index_key,
    "ALAJO_JWT_SECRET": env.jwt_secret,
    "ALAJO_ALLOWED_HOSTS": env.allowed_hosts,
    "ALAJO_EMAIL_HOST": env.email_host,
}
_missing = [name for name, value in _needed.items() if not value]
if _missing:
    raise ImproperlyConfigured(f"Set these before starting in production: {', '.join(_missing)}.")
assert services.database_url and services.database_owner_url and services.redis_url
assert env.secret_key and env.blind_index_key and env.jwt_secret

EMBEDDED_STORES = False
DATABASES = {
    "default": database(services.database_url.get_secret_value(), **RUNTIME_OPTIONS),
    "owner": database(services.database_owner_url.get_secret_value()),
}
globals().update(valkey(services.redis_url.get_secret_value()))

SECRET_KEY = env.secret_key.get_secret_value()
ENCRYPTION_KEYS = [key.get_secret_value() for key in env.encryption_keys]
BLIND_INDEX_KEY = env.blind_index_key.get_secret_value()
JWT_SECRET = env.jwt_secret.get_secret_value()

EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST, EMAIL_PORT, EMAIL_USE_TLS = env.email_host, env.email_port, True
EMAIL_HOST_USER = env.email_user
EMAIL_HOST_PASSWORD = env.email_password.get_secret_value() if env.email_password else ""

STORAGES["staticfiles"] = {"BACKEND": "servestatic.storage.CompressedManifestStaticFilesStorage"}
SECURE_SSL_REDIRECT = True
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.trusted_proxy_count else None
SECURE_HSTS_SECONDS = 31_536_000
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
# The gateways' checkouts: a form that leads there passes through a redirect, which this directive also judges.
CONTENT_SECURITY_POLICY["DIRECTIVES"]["form-action"] += [
    "https://checkout.paystack.com",
    "https://myxpresspay.com:6003",
]
