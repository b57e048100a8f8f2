from accounts.models.apps import AppGrant, SpentAppToken
from accounts.models.audit import AuditEvent
from accounts.models.codes import FlowState, OneTimeCode
from accounts.models.factor_resets import FactorReset
from accounts.models.factors import FactorChallenge, PendingFactor
from accounts.models.notices import Notification
from accounts.models.organizations import ApiKey, Invitation, Membership, Organization
from accounts.models.people import Customer, Profile, User
from accounts.models.sessions import BrowserSession, RefreshToken, Session, SigningKey

__all__ = [
    "ApiKey",
    "AppGrant",
    "AuditEvent",
    "BrowserSession",
    "Customer",
    "FactorChallenge",
    "FactorReset",
    "FlowState",
    "Invitation",
    "Membership",
    "Notification",
    "OneTimeCode",
    "Organization",
    "PendingFactor",
    "Profile",
    "RefreshToken",
    "Session",
    "SigningKey",
    "SpentAppToken",
    "User",
]
