"""The places people may sign in with: each is active when its keys are set."""

from typing import Any

from pydantic import SecretStr

from config.env import Env

GOOGLE = "https://accounts.google.com"
MICROSOFT = "https://login.microsoftonline.com/{tenant}/v2.0"
LINKEDIN = "https://www.linkedin.com/oauth"
GITHUB = "https://github.com"
SANDBOX_CLIENT = "alajo"


def providers(env: Env, *, sandbox_url: str = "", sandbox_secret: str = "") -> dict[str, Any]:
    """Return allauth's `SOCIALACCOUNT_PROVIDERS`: the active ones, with PKCE wherever the provider knows it."""
    apps = []
    if env.google_client_id:
        google = _app("google", "Google", GOOGLE, env.google_client_id, env.google_client_secret)
        google["settings"] |= {"audiences": env.google_app_client_ids}
        apps.append(google)
    if env.azure_client_id and env.azure_tenant:
        # Says of no address that its owner proved it, and any tenant may write any address into its people.
        server = MICROSOFT.format(tenant=env.azure_tenant)
        apps.append(
            _app("azure", "Microsoft", server, env.azure_client_id, env.azure_client_secret, email=False)
        )
    if env.linkedin_client_id:
        # Returns no nonce, and refuses a client that sends both its secret and a code verifier.
        linkedin = _app(
            "linkedin_oidc", "LinkedIn", LINKEDIN, env.linkedin_client_id, env.linkedin_client_secret
        )
        linkedin["settings"] |= {"oauth_pkce_enabled": False, "nonce": False}
        apps.append(linkedin)
    if sandbox_url:
        apps.append(_app("sandbox", "Sandbox ID", sandbox_url, SANDBOX_CLIENT, SecretStr(sandbox_secret)))
    found: dict[str, Any] = {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": apps}}
    if env.github_client_id:
        secret = env.github_client_secret.get_secret_value() if env.github_client_secret else ""
        app = {"client_id": env.github_client_id, "secret": secret, "name": "GitHub"}
        found["github"] = {"OAUTH_PKCE_ENABLED": True, "APPS": [app]}
    return found


def origins(env: Env) -> list[str]:
    """Where a log-in button's form may lead: the page's policy judges the redirect too."""
    found = {
        GOOGLE: env.google_client_id,
        "https://login.microsoftonline.com": env.azure_client_id,
        "https://www.linkedin.com": env.linkedin_client_id,
        GITHUB: env.github_client_id,
    }
    return [origin for origin, active in found.items() if active]


def _app(
    provider_id: str,
    name: str,
    server_url: str,
    client_id: str,
    secret: SecretStr | None,
    *,
    email: bool = True,
) -> dict[str, Any]:
    return {
        "provider_id": provider_id,
        "name": name,
        "client_id": client_id,
        "secret": secret.get_secret_value() if secret else "",
        "settings": {"server_url": server_url, "trusts_email": email},
    }
