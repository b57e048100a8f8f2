from accounts.models.approvals import Approval, ApprovalBand
from accounts.models.apps import AppGrant, SpentAppToken
from accounts.models.audit import AuditEvent
from accounts.models.checks import KycCheck, KycCheckJob
from accounts.models.codes import FlowState, OneTimeCode
from accounts.models.factor_resets import FactorReset
from accounts.models.factors import FactorChallenge, PendingFactor
from accounts.models.failed_tasks import FailedTask
from accounts.models.history import (
    ApiKeyHistory,
    AuthenticatorHistory,
    CustomerHistory,
    EmailAddressHistory,
    MembershipHistory,
    OrganizationHistory,
    ProfileHistory,
    UserHistory,
    WebhookHistory,
)
from accounts.models.identity import BankAccountClaim, IdentityNumber
from accounts.models.kyc import (
    KycApplication,
    KycDecision,
    KycDocument,
    KycNote,
    KycStateChange,
)
from accounts.models.notices import (
    Channel,
    Notification,
    NotificationDelivery,
    NotificationPreference,
    NotificationSettings,
)
from accounts.models.organizations import ApiKey, Invitation, Membership, Organization
from accounts.models.people import Customer, Profile, User
from accounts.models.referrals import (
    DeviceMark,
    Referral,
    ReferralBonus,
    ReferralCode,
    ReferralDue,
    ReferralHistory,
    ReferralProgram,
)
from accounts.models.screening import SanctionsEntry, SanctionsList, ScreeningHit
from accounts.models.sessions import BrowserSession, RefreshToken, Session, SigningKey
from accounts.models.statuses import CustomerStatusChange
from accounts.models.webhooks import WebhookAttempt, WebhookDelivery, WebhookEndpoint

__all__ = [
    "ApiKey",
    "ApiKeyHistory",
    "AppGrant",
    "Approval",
    "ApprovalBand",
    "AuditEvent",
    "AuthenticatorHistory",
    "BankAccountClaim",
    "BrowserSession",
    "Channel",
    "Customer",
    "CustomerHistory",
    "CustomerStatusChange",
    "DeviceMark",
    "EmailAddressHistory",
    "FactorChallenge",
    "FactorReset",
    "FailedTask",
    "FlowState",
    "IdentityNumber",
    "Invitation",
    "KycApplication",
    "KycCheck",
    "KycCheckJob",
    "KycDecision",
    "KycDocument",
    "KycNote",
    "KycStateChange",
    "Membership",
    "MembershipHistory",
    "Notification",
    "NotificationDelivery",
    "NotificationPreference",
    "NotificationSettings",
    "OneTimeCode",
    "Organization",
    "OrganizationHistory",
    "PendingFactor",
    "Profile",
    "ProfileHistory",
    "Referral",
    "ReferralBonus",
    "ReferralCode",
    "ReferralDue",
    "ReferralHistory",
    "ReferralProgram",
    "RefreshToken",
    "SanctionsEntry",
    "SanctionsList",
    "ScreeningHit",
    "Session",
    "SigningKey",
    "SpentAppToken",
    "User",
    "UserHistory",
    "WebhookAttempt",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WebhookHistory",
]
