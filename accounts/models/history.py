"""What is kept of people, organisations, keys and factors: every value they had. Never a secret or a hash of one."""

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator

from accounts.models.organizations import ApiKey, Membership, Organization
from accounts.models.people import Customer, Profile, User
from accounts.models.webhooks import SECRETS, WebhookEndpoint
from core.history import keep

# Columns not kept: secrets, and what changes with every visit and says nothing of who somebody is.
LEFT_OUT: dict[str, frozenset[str]] = {
    "accounts.user": frozenset(
        {
            *("password", "last_login", "created_at", "updated_at"),
            *("confirmation_sent_at", "recovery_sent_at", "reauthentication_sent_at", "email_change_sent_at"),
        }
    ),
    "accounts.profile": frozenset({"avatar"}),
    "accounts.organization": frozenset({"created_at"}),
    "accounts.membership": frozenset({"created_at"}),
    "accounts.apikey": frozenset({"digest", "created_at", "last_used_at"}),
    "accounts.webhookendpoint": frozenset({*SECRETS, "secret_changed_at", "failing_since", "created_at"}),
    "mfa.authenticator": frozenset({"data", "created_at", "last_used_at"}),
}


class KeptEmailAddress(EmailAddress):
    """allauth's addresses, by a name of ours: migrations of another package cannot carry our triggers."""

    class Meta:
        proxy = True
        default_permissions = ()


class KeptAuthenticator(Authenticator):
    """allauth's second factors, likewise."""

    class Meta:
        proxy = True
        default_permissions = ()


UserHistory = keep(
    User,
    name="UserHistory",
    app_label="accounts",
    fields=[
        *("email", "role", "is_active", "is_superuser", "user_metadata", "app_metadata", "new_email"),
        *("email_confirmed_at", "invited_at", "banned_until", "deleted_at"),
    ],
    secret=["password"],
)
CustomerHistory = keep(
    Customer,
    name="CustomerHistory",
    app_label="accounts",
    fields=[
        "status",
        "tier",
        "phone",
        "date_of_birth",
        "lock_reason",
        "locked_at",
        "recovered_at",
        "closed_at",
    ],
)
ProfileHistory = keep(Profile, name="ProfileHistory", app_label="accounts", fields=["handle", "display_name"])
EmailAddressHistory = keep(
    KeptEmailAddress,
    name="EmailAddressHistory",
    app_label="accounts",
    fields=["user", "email", "verified", "primary"],
    by=["user"],
)
AuthenticatorHistory = keep(
    KeptAuthenticator,
    name="AuthenticatorHistory",
    app_label="accounts",
    fields=["user", "type"],
    by=["user"],
)
OrganizationHistory = keep(
    Organization, name="OrganizationHistory", app_label="accounts", fields=["name", "slug", "closed_at"]
)
MembershipHistory = keep(
    Membership,
    name="MembershipHistory",
    app_label="accounts",
    fields=["organization", "user", "role"],
    by=["organization", "user"],
)
ApiKeyHistory = keep(
    ApiKey,
    name="ApiKeyHistory",
    app_label="accounts",
    fields=[
        *("organization", "name", "mode", "scopes", "allowed_networks", "last_four", "created_by"),
        *("expires_at", "revoked_at", "replaced_by"),
    ],
    secret=["digest"],
    by=["organization"],
)
WebhookHistory = keep(
    WebhookEndpoint,
    name="WebhookHistory",
    app_label="accounts",
    fields=[
        *("organization", "url", "description", "event_types", "state", "reason"),
        *("previous_until", "deleted_at"),
    ],
    secret=["secret"],
    by=["organization"],
)
