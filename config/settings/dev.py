"""Development: everything on this machine, with secrets made once and kept under `.data/`."""

from django.core.exceptions import ImproperlyConfigured

from config.settings import social
from config.settings.base import *  # noqa: F403
from config.settings.base import BASE_DIR, DATA_DIR, RUNTIME_OPTIONS, database, env, services, valkey
from config.settings.secrets import made_once
from core.embedded import Postgres, Valkey

DEBUG = True
SANDBOX = True
OUTBOUND_LOCAL = True
ALLOWED_HOSTS = [*env.allowed_hosts, "127.0.0.1", "localhost", "[::1]"]

if (services.database_url is None) != (services.redis_url is None):
    raise ImproperlyConfigured(
        "Set both DATABASE_URL and REDIS_URL, or neither: then Alajo starts both stores itself."
    )
EMBEDDED_STORES = services.database_url is None
STORES_ROOT = BASE_DIR
if services.database_url is None:
    _postgres = Postgres(BASE_DIR)
    _app, _owner = _postgres.dsn(), _postgres.dsn(role="alajo_owner")
else:
    _app = services.database_url.get_secret_value()
    _owner = (services.database_owner_url or services.database_url).get_secret_value()
DATABASES = {"default": database(_app, **RUNTIME_OPTIONS), "owner": database(_owner)}
globals().update(
    valkey(services.redis_url.get_secret_value() if services.redis_url else Valkey(BASE_DIR).url())
)

_secrets = made_once(DATA_DIR / "secrets.json")
SECRET_KEY = _secrets["secret_key"]
ENCRYPTION_KEYS = [f"dev:{_secrets['encryption_key']}"]
BLIND_INDEX_KEY = _secrets["blind_index_key"]
JWT_SECRET = _secrets["jwt_secret"]
# The same whatever port `up` is told, so that tokens made by a command are good at the server.
ACCESS_TOKEN_ISSUER = env.access_token_issuer or "http://127.0.0.1:8000/auth/v1"
IDP_OIDC_PRIVATE_KEY = _secrets["idp_private_key"]
SOCIALACCOUNT_PROVIDERS = social.providers(
    env, sandbox_url=f"{env.site_url}/sandbox/id", sandbox_secret=_secrets["sandbox_id_secret"]
)

EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = DATA_DIR / "mail"
NOTICE_CHANNELS |= dict.fromkeys(("SMS", "PUSH"), "accounts.channels.console.Console")  # noqa: F405
TEXTS_PATH = DATA_DIR / "texts.jsonl"

PAYSTACK_BASE_URL = f"{env.site_url}/sandbox/paystack"
PAYSTACK_SANDBOX_SECRET_KEY = f"sk_test_{_secrets['paystack_key']}"
PAYSTACK_WEBHOOK_URL = f"{env.site_url}/webhooks/paystack/"
PAYSTACK_APPROVAL_URL = f"{env.site_url}/webhooks/paystack/transfers/approval"
XPRESS_PAY_BASE_URL = f"{env.site_url}/sandbox/xpress-pay"
XPRESS_PAY_SANDBOX_PUBLIC_KEY = f"XPPUBK-{_secrets['xpress_pay_key']}-X"
XPRESS_PAY_SANDBOX_DOOR = _secrets["xpress_pay_door"]
XPRESS_PAY_WEBHOOK_URL = f"{env.site_url}/webhooks/xpress-pay/{XPRESS_PAY_SANDBOX_DOOR}/"
XPRESS_WALLET_BASE_URL = f"{env.site_url}/sandbox/xpress-wallet"
XPRESS_WALLET_SANDBOX_SECRET_KEY = f"sk_sandbox_{_secrets['xpress_wallet_key']}"
XPRESS_WALLET_SANDBOX_DOOR = _secrets["xpress_wallet_door"]
XPRESS_WALLET_WEBHOOK_URL = f"{env.site_url}/webhooks/xpress-wallet/{XPRESS_WALLET_SANDBOX_DOOR}/"
CREDIT_BUREAUX = {
    code: {
        "adapter": f"credit.bureaux.{code}.{code.title()}",
        "url": f"{env.site_url}/sandbox/bureaux/{code}",
        "key": f"{code}_{_secrets['bureau_key']}",
    }
    for code in ("meridian", "savanna")
}
# How long a transfer is on its way, and what our balance there begins with (kobo).
SANDBOX_TRANSFER_SECONDS = 5
SANDBOX_OPENING_BALANCE = 1_000_000_000
SANDBOX_CLOCK_SCALE = 0.02
INSTALLED_APPS += ["wallet.sandbox", "core.dev"]  # noqa: F405
