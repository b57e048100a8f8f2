from accounts.models.audit import AuditEvent
from accounts.models.history import (
    ApiKeyHistory,
    AuthenticatorHistory,
    CustomerHistory,
    EmailAddressHistory,
    MembershipHistory,
    OrganizationHistory,
    ProfileHistory,
    UserHistory,
)
from accounts.models.notices import Notification
from accounts.models.organizations import ApiKey, Invitation, Membership, Organization
from accounts.models.people import Customer, Profile, User
from accounts.models.sessions import BrowserSession, RefreshToken, Session, SigningKey
from accounts.models.tokens import ApiToken

__all__ = [
    "ApiKey",
    "ApiKeyHistory",
    "ApiToken",
    "AuditEvent",
    "AuthenticatorHistory",
    "BrowserSession",
    "Customer",
    "CustomerHistory",
    "EmailAddressHistory",
    "Invitation",
    "Membership",
    "MembershipHistory",
    "Notification",
    "Organization",
    "OrganizationHistory",
    "Profile",
    "ProfileHistory",
    "RefreshToken",
    "Session",
    "SigningKey",
    "User",
    "UserHistory",
]
