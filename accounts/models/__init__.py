from accounts.models.audit import AuditEvent
from accounts.models.notices import Notification
from accounts.models.people import Customer, Profile, User
from accounts.models.tokens import ApiToken

__all__ = ["ApiToken", "AuditEvent", "Customer", "Notification", "Profile", "User"]
