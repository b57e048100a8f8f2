from accounts.models.apps import AppGrant, SpentAppToken
from accounts.models.audit import AuditEvent
from accounts.models.notices import Notification
from accounts.models.organizations import ApiKey, Invitation, Membership, Organization
from accounts.models.people import Customer, Profile, User
from accounts.models.sessions import BrowserSession, RefreshToken, Session, SigningKey
from accounts.models.tokens import ApiToken

__all__ = [
    "ApiKey",
    "ApiToken",
    "AppGrant",
    "AuditEvent",
    "BrowserSession",
    "Customer",
    "Invitation",
    "Membership",
    "Notification",
    "Organization",
    "Profile",
    "RefreshToken",
    "Session",
    "SigningKey",
    "SpentAppToken",
    "User",
]
