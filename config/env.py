"""What the environment (or a `.env` file) may set. Read once, by `config.settings`."""

from typing import Any, Literal

from pydantic import BaseModel, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class BureauLink(BaseModel):
    """How a credit bureau is reached: the class that speaks its language, its address, our key."""

    adapter: str
    url: str
    key: SecretStr


class Env(BaseSettings):
    """Every variable Alajo reads. Production insists on those it names in `config.settings.production`."""

    model_config = SettingsConfigDict(env_file=".env", env_prefix="ALAJO_", extra="ignore")

    site_url: str = "http://127.0.0.1:8000"
    allowed_hosts: list[str] = []
    trusted_proxy_count: int = 0
    # The database role this process has from the start: "service_role" for the worker and beat, none for the web.
    process_role: Literal["", "service_role"] = ""
    secret_key: SecretStr | None = None
    # "id:base64 of 32 bytes", newest first; see core.encryption.
    encryption_keys: list[SecretStr] = []
    blind_index_key: SecretStr | None = None
    # Signs the static keys of apps (`manage.py auth_keys` prints them); at least 32 characters.
    jwt_secret: SecretStr | None = None
    access_token_seconds: int = 600
    access_token_issuer: str = ""
    # Public keys (JWKs) of another issuer whose tokens are taken too, newest first.
    jwt_extra_keys: list[dict[str, Any]] = []
    # Addresses (globs) that links in mails and sign-ins may lead back to, beside the site's own.
    redirect_allow_list: list[str] = []
    # Signing in with another account: each is offered when its id and secret are set.
    google_client_id: str = ""
    google_client_secret: SecretStr | None = None
    # Further client ids of ours, of apps on devices that sign people in by Google's own code.
    google_app_client_ids: list[str] = []
    github_client_id: str = ""
    github_client_secret: SecretStr | None = None
    linkedin_client_id: str = ""
    linkedin_client_secret: SecretStr | None = None
    azure_client_id: str = ""
    azure_client_secret: SecretStr | None = None
    # One tenant's id, or "consumers"; "common" names no issuer that a token could be checked against.
    azure_tenant: str = ""
    # RSA key (PEM) that signs what we tell apps of third parties; without it no app can be registered.
    idp_private_key: SecretStr | None = None
    # Where XpressPay is reached; its sandbox is https://pgsandbox.xpresspayments.com:6004.
    xpress_pay_url: str = "https://myxpresspay.com:6004"
    # Where Xpress Wallet is reached. The same address for its sandbox: the key says which it is.
    xpress_wallet_url: str = "https://payment.xpress-wallet.com/api/v1"
    # Credit bureaux by code, in the order in which they are asked:
    # {"meridian": {"adapter": "credit.bureaux.meridian.Meridian", "url": "https://…", "key": "…"}}
    credit_bureaux: dict[str, BureauLink] = {}
    clamd: str = ""
    # Who may read `/metrics` (`Authorization: Bearer …`); without it there is no such page.
    metrics_token: SecretStr | None = None
    email_host: str = ""
    email_port: int = 587
    email_user: str = ""
    email_password: SecretStr | None = None
    email_from: str = "Alajo <hello@alajo.test>"


class Services(BaseSettings):
    """Where outside services are, under the names their own tools use."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore")

    database_url: SecretStr | None = None
    database_owner_url: SecretStr | None = None
    redis_url: SecretStr | None = None
    aws_storage_bucket_name: str = ""
    aws_s3_endpoint_url: str = ""
    aws_region: str = ""
