from accounts.models.audit import AuditEvent
from accounts.models.factor_resets import FactorReset
from accounts.models.notices import Notification
from accounts.models.organizations import ApiKey, Invitation, Membership, Organization
from accounts.models.people import Customer, Profile, User
from accounts.models.sessions import BrowserSession, RefreshToken, Session, SigningKey
from accounts.models.tokens import ApiToken

__all__ = [
    "ApiKey",
    "ApiToken",
    "AuditEvent",
    "BrowserSession",
    "Customer",
    "FactorReset",
    "Invitation",
    "Membership",
    "Notification",
    "Organization",
    "Profile",
    "RefreshToken",
    "Session",
    "SigningKey",
    "User",
]
