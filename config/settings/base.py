"""Settings that hold everywhere. `dev`, `test` and `production` add what differs, and choose no business rule."""

from pathlib import Path
from typing import Any

import pghistory
from psycopg.conninfo import conninfo_to_dict

from config.env import Env, Services
from config.settings import files, social

BASE_DIR = Path(__file__).resolve().parent.parent.parent
env = Env()
services = Services()

SITE_URL = env.site_url
DEBUG = False
ALLOWED_HOSTS = env.allowed_hosts
TRUSTED_PROXY_COUNT = env.trusted_proxy_count
ALLAUTH_TRUSTED_PROXY_COUNT = env.trusted_proxy_count
DATA_DIR = BASE_DIR / ".data"

INSTALLED_APPS = [
    # Row history: before our models, which it listens to.
    "pgtrigger",
    "pghistory",
    # Alajo, from the ground up (docs/architecture.md).
    "core",
    "accounts",
    "storage_app",
    "realtime",
    "wallet",
    "savings",
    "credit",
    "marketplace",
    "memory",
    "config.apps.StaffConfig",
    # Django.
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.forms",
    "servestatic.runserver_nostatic",
    "django.contrib.staticfiles",
    # Sign-in.
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.socialaccount.providers.github",
    "allauth.idp.oidc",
    "django_otp",
    # Pages and API.
    "django_htmx",
    "template_partials",
    "widget_tweaks",
    "lucide",
    "csp",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]

MIDDLEWARE = [
    "core.api.request_id.RequestIdMiddleware",
    "core.api.problems.ProblemMiddleware",
    "accounts.wire.middleware.WireMiddleware",
    "storage_app.wire.middleware.StorageMiddleware",
    "realtime.wire.middleware.RealtimeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "servestatic.middleware.ServeStaticMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "accounts.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "core.middleware.HostileInputMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.LoginMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.staff_sessions.StaffSessionsMiddleware",
    "accounts.middleware.RefusedFormMiddleware",
    "accounts.middleware.DevicesMiddleware",
    "accounts.device_marks.DeviceMarkMiddleware",
    "accounts.middleware.ActorMiddleware",
]

ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            "builtins": ["django.templatetags.i18n", "core.templatetags.money"],
        },
    }
]


def database(url: str, **options: Any) -> dict[str, Any]:
    """Return Django's settings for a PostgreSQL address; a host that is a folder means its socket."""
    parts = {key: str(value) for key, value in conninfo_to_dict(url).items()}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.pop("dbname"),
        "USER": parts.pop("user"),
        "PASSWORD": parts.pop("password", ""),
        "HOST": parts.pop("host", ""),
        "PORT": parts.pop("port", ""),
        "OPTIONS": {**parts, **options},
        "CONN_HEALTH_CHECKS": False,
    }


# The runtime role: neither owner nor superuser. A statement or a lock that takes this long is a fault, not a wait.
PROCESS_ROLE = env.process_role
RUNTIME_OPTIONS = {
    "options": "-c statement_timeout=15s -c lock_timeout=5s -c idle_in_transaction_session_timeout=60s"
    + (f" -c role={PROCESS_ROLE}" if PROCESS_ROLE else ""),
    "pool": {"min_size": 1, "max_size": 20, "timeout": 10},
}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.backends.EmailBackend"]
PASSWORD_HASHERS = [
    "accounts.hashers.Argon2Hasher",
    "accounts.hashers.ImportedBcryptHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "welcome"

ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "signup": "accounts.forms.SignupForm",
    "login": "accounts.forms.LoginForm",
    "confirm_email_verification_code": "accounts.forms.ConfirmEmailForm",
}
ALLAUTH_USER_CODE_FORMAT = {"numeric": True, "length": 8}
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_REAUTHENTICATION_REQUIRED = True
MFA_ADAPTER = "accounts.adapter.MfaAdapter"
MFA_TOTP_TOLERANCE = 1
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_USER_VERIFICATION = "required"
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_FORMS = {
    "authenticate": "accounts.factor_forms.AuthenticateForm",
    "reauthenticate": "accounts.factor_forms.ReauthenticateForm",
    "authenticate_webauthn": "accounts.factor_forms.AuthenticatePasskeyForm",
    "login_webauthn": "accounts.factor_forms.LoginPasskeyForm",
    "reauthenticate_webauthn": "accounts.factor_forms.ReauthenticatePasskeyForm",
}
SESSION_ENGINE = "accounts.browser_sessions"

SOCIALACCOUNT_ADAPTER = "accounts.social.SocialAdapter"
SOCIALACCOUNT_PROVIDERS = social.providers(env)
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_LOGIN_ON_GET = False
SOCIALACCOUNT_QUERY_EMAIL = True
SOCIALACCOUNT_REAUTHENTICATION_REQUIRED = True

# Apps of third parties that act for a customer.
IDP_OIDC_ADAPTER = "accounts.idp.adapter.Adapter"
IDP_OIDC_PRIVATE_KEY = env.idp_private_key.get_secret_value() if env.idp_private_key else ""
IDP_OIDC_ACCESS_TOKEN_EXPIRES_IN = 600
IDP_OIDC_AUTHORIZATION_CODE_EXPIRES_IN = 60
IDP_OIDC_ROTATE_REFRESH_TOKEN = True
IDP_OIDC_REFRESH_TOKEN_EXPIRES_IN = 30 * 86_400

# Tokens of /auth/v1. The secret signs the static keys of apps; the keys that sign people's tokens are rows.
ACCESS_TOKEN_SECONDS = env.access_token_seconds
ACCESS_TOKEN_ISSUER = env.access_token_issuer or f"{env.site_url}/auth/v1"
JWT_EXTRA_KEYS = env.jwt_extra_keys
# Who tells the floors below `accounts` whom a bearer or a browser's cookies name and which sign-ins have ended, and
# keeps the trail of what they do.
BEARERS = "accounts.bearers.actor_of"
BROWSERS = "accounts.bearers.actor_of_cookies"
SESSIONS = "accounts.services.sessions.ended_among"
AUDIT_TRAIL = "accounts.audit"
# Who knows what a tier requires on a day: tiers are data of the floor above (accounts/kyc/requirements.py).
KYC_REQUIREMENTS = "wallet.kyc_requirements.required_of"
# Who writes into the outbox what happened elsewhere, and who must hear of every event (docs/realtime.md).
REALTIME_SOURCES = ["wallet.services.announcing.announce", "wallet.services.raises.follow_raises"]
REALTIME_CONSUMERS = {
    "notices": "accounts.services.deliveries.take",
    "webhooks": "accounts.services.webhooks.planning.take",
}
# Who verifies what customers declare, by kind of check, and how many days a tier may go without a number (None: no
# number is asked for). docs/kyc-checks.md
KYC_VERIFIERS = {
    "BVN": "wallet.verifiers.Paystack",
    "NIN": "accounts.kyc.local_checks.ByHand",
    "BANK_ACCOUNT": "wallet.verifiers.Paystack",
    "DOCUMENT": "accounts.kyc.local_checks.DocumentCheck",
    "SCREENING": "accounts.services.kyc.screening.Lists",
}
KYC_GRACE = "wallet.kyc_requirements.grace_days_of"
# Where a link may send people back to, beside this site: globs such as `https://app.example.com/**`.
REDIRECT_ALLOW_LIST = env.redirect_allow_list

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "core.views.csrf_failure"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "base-uri": ["'none'"],
        "form-action": ["'self'", *social.origins(env)],
        "frame-ancestors": ["'none'"],
        "object-src": ["'none'"],
    }
}
PERMISSIONS_POLICY: dict[str, list[str]] = {
    name: [] for name in ("camera", "geolocation", "microphone", "payment")
}

# Rows of a history are found by what they tell of (core/history.py), not by every key they copy.
PGHISTORY_FOREIGN_KEY_FIELD = pghistory.ForeignKey(db_index=False)

# Files: where their bytes lie, and how large one may be (5 GB); a bucket may say less.
STORAGES: dict[str, dict[str, Any]] = {
    "files": files.storage(services, folder=DATA_DIR / "files"),
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
FILE_SIZE_LIMIT = 5_000_000_000

# Months of big tables leave the database for files when they ended so many months ago; what was taken out is dropped,
# by a command of its own, so many days later.
ARCHIVE_AFTER_MONTHS = 25
ARCHIVE_DROP_AFTER_DAYS = 30
# What a plain form may bring; a page with scripts sends larger files in parts.
FORM_FILE_LIMIT = 100_000_000
# Where clamd looks at what came: `tcp://host:3310` or `unix:///path`; without it nothing is looked at.
CLAMD = env.clamd
METRICS_TOKEN = env.metrics_token.get_secret_value() if env.metrics_token else ""
FILE_UPLOAD_HANDLERS = [
    "storage_app.form_uploads.WithinLimit",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = "core.formats"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Africa/Lagos"

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.api.authentication.ApiKeyAuthentication",
        "accounts.api.authentication.AccessTokenAuthentication",
        "accounts.api.oauth.OAuthAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["core.api.parsers.StrictJSONParser"],
    "DEFAULT_PAGINATION_CLASS": "core.api.pagination.CursorPagination",
    "DEFAULT_SCHEMA_CLASS": "core.api.schema.AutoSchema",
    "EXCEPTION_HANDLER": "core.api.problems.exception_handler",
    "UNAUTHENTICATED_USER": None,
    "DATETIME_FORMAT": "iso-8601",
}
SPECTACULAR_SETTINGS = {
    # Hundreds of operations and models are drawn when their group is opened, not all at once.
    "SWAGGER_UI_SETTINGS": """{
        deepLinking: true, docExpansion: "none", defaultModelsExpandDepth: 0, plugins: [resolvePartByPart],
    }""",
    "TITLE": "Alajo API",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "DESCRIPTION": "Accounts, transactions, transfers and deposits. Money is an integer of the currency's minor unit.",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "core.api.schema.share_parts",
    ],
}

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "request": {"()": "core.api.request_id.RequestFilter"},
        "without_sockets": {"()": "core.logs.WithoutSockets"},
    },
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(request_id)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["request"]}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {"httpx": {"level": "WARNING"}, "uvicorn.error": {"filters": ["without_sockets"]}},
}

# Where the doorbell and the sockets' words go; `valkey` below says so.
VALKEY_URL = ""
VALKEY_PREFIX = ""
# By which channels notices go out beside our pages, and what sends them; one that is not named is not offered.
NOTICE_CHANNELS: dict[str, str] = {"EMAIL": "accounts.channels.mail.Mail"}

EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env.email_from
SERVER_EMAIL = env.email_from

# Whether addresses that strangers chose may be on this machine (core/outbound.py): development and tests only.
OUTBOUND_LOCAL = False

# Development only: the sandbox gateway and the mail reader are mounted where this is true.
SANDBOX = False
PAYSTACK_BASE_URL = "https://api.paystack.co"
XPRESS_PAY_BASE_URL = env.xpress_pay_url
# Which credit bureaux are asked, in order, and how long one may take (docs/credit-scoring.md).
CREDIT_BUREAUX: dict[str, dict[str, str]] = {
    code: {"adapter": link.adapter, "url": link.url, "key": link.key.get_secret_value()}
    for code, link in env.credit_bureaux.items()
}
CREDIT_BUREAU_SECONDS = 15.0
# Which words of its `status` mean that a payment was refused: it publishes only the one for a good payment.
XPRESS_PAY_DECLINED = ("01", "02", "failed", "Failed")
XPRESS_WALLET_BASE_URL = env.xpress_wallet_url
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_TIME_LIMIT = 300
CELERY_TIMEZONE = TIME_ZONE
# Calls to organisations' servers have a worker of their own, whom a slow one may keep waiting.
CELERY_TASK_ROUTES = {"accounts.webhook_tasks.send_due": {"queue": "webhooks"}}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True


def valkey(url: str, *, prefix: str = "alajo") -> dict[str, Any]:
    """Return the settings that point cache, sockets and tasks at one Valkey address (`redis://` or `unix://`).

    `prefix` keeps apart those who share a server: what is told there (pub/sub) knows no databases.
    """
    broker = url
    if url.startswith("unix://"):
        broker = url.replace("unix://", "redis+socket://").replace("?db=", "?virtual_host=")
    return {
        "CACHES": {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": url}},
        "CHANNEL_LAYERS": {
            "default": {
                "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
                "CONFIG": {"hosts": [url], "prefix": f"{prefix}:"},
            }
        },
        "VALKEY_URL": url,
        "VALKEY_PREFIX": prefix,
        "CELERY_BROKER_URL": broker,
    }
