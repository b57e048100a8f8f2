"""Tests: real PostgreSQL and Valkey on scratch servers under `.data/test`, one database for each test process."""

import os
import zlib

from config.settings import files, social
from config.settings.base import *  # noqa: F403
from config.settings.base import DATA_DIR, database, env, services, valkey
from config.settings.secrets import made_once
from core.embedded import Postgres, Valkey

SITE_URL = "http://testserver"
ALLOWED_HOSTS = ["*"]
SANDBOX = True
OUTBOUND_LOCAL = True
EMBEDDED_STORES = True
STORES_ROOT = DATA_DIR / "test"

TEST_ROOT = STORES_ROOT
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")
_postgres = Postgres(TEST_ROOT)
_role = f" -c role={env.process_role}" if env.process_role else ""
DATABASES = {
    "default": database(
        _postgres.dsn(dbname=f"alajo_test_{WORKER}"),
        options=f"-c statement_timeout=30s -c lock_timeout=10s{_role}",
    ),
    "owner": database(_postgres.dsn(role="alajo_owner", dbname=f"alajo_test_{WORKER}")),
}
# Each test process empties its own database of Valkey: parallel ones are gw0, gw1 and so on.
_number = WORKER.removeprefix("gw")
_own = int(_number) + 1 if _number.isdigit() else 8 + zlib.crc32(WORKER.encode()) % 8
globals().update(valkey(Valkey(TEST_ROOT).url(db=_own), prefix=f"alajo-{_own}"))
CELERY_TASK_ALWAYS_EAGER = True
CELERY_TASK_EAGER_PROPAGATES = True

_secrets = made_once(TEST_ROOT / "secrets.json")
SECRET_KEY = _secrets["secret_key"]
ENCRYPTION_KEYS = [f"test:{_secrets['encryption_key']}"]
BLIND_INDEX_KEY = _secrets["blind_index_key"]
JWT_SECRET = _secrets["jwt_secret"]
IDP_OIDC_PRIVATE_KEY = _secrets["idp_private_key"]
SOCIALACCOUNT_PROVIDERS = social.providers(
    env, sandbox_url=f"{SITE_URL}/sandbox/id", sandbox_secret=_secrets["sandbox_id_secret"]
)
STORAGES["files"] = files.storage(services, folder=STORES_ROOT / "files" / WORKER)  # noqa: F405
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
NOTICE_CHANNELS |= dict.fromkeys(("SMS", "PUSH"), "accounts.channels.console.Console")  # noqa: F405
TEXTS_PATH = STORES_ROOT / f"texts-{WORKER}.jsonl"

# No test calls outside by chance: those of the adapter name it.
KYC_VERIFIERS |= dict.fromkeys(("BVN", "BANK_ACCOUNT"), "accounts.kyc.local_checks.ByHand")  # noqa: F405
PAYSTACK_SANDBOX_SECRET_KEY = f"sk_test_{_secrets['paystack_key']}"
PAYSTACK_WEBHOOK_URL = "http://testserver/webhooks/paystack/"
PAYSTACK_APPROVAL_URL = "http://testserver/webhooks/paystack/transfers/approval"
XPRESS_PAY_SANDBOX_PUBLIC_KEY = f"XPPUBK-{_secrets['xpress_pay_key']}-X"
XPRESS_PAY_SANDBOX_DOOR = _secrets["xpress_pay_door"]
XPRESS_PAY_WEBHOOK_URL = f"http://testserver/webhooks/xpress-pay/{XPRESS_PAY_SANDBOX_DOOR}/"
XPRESS_WALLET_SANDBOX_SECRET_KEY = f"sk_sandbox_{_secrets['xpress_wallet_key']}"
XPRESS_WALLET_SANDBOX_DOOR = _secrets["xpress_wallet_door"]
XPRESS_WALLET_WEBHOOK_URL = f"http://testserver/webhooks/xpress-wallet/{XPRESS_WALLET_SANDBOX_DOOR}/"
CREDIT_BUREAUX = {
    code: {
        "adapter": f"credit.bureaux.{code}.{code.title()}",
        "url": f"{SITE_URL}/sandbox/bureaux/{code}",
        "key": f"{code}_{_secrets['bureau_key']}",
    }
    for code in ("meridian", "savanna")
}
# How long a transfer is on its way, and what our balance there begins with (kobo).
SANDBOX_TRANSFER_SECONDS = 0
SANDBOX_OPENING_BALANCE = 1_000_000_000
SANDBOX_CLOCK_SCALE = 0
INSTALLED_APPS += ["wallet.sandbox", "core.dev"]  # noqa: F405
# Pages come from Django's own static files here. This one is async alone: every request of a test client would change
# threads three times for it.
MIDDLEWARE.remove("servestatic.middleware.ServeStaticMiddleware")  # noqa: F405
