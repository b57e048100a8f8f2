"""What people do with who they are: join, sign in, be found, be told."""

from accounts.services.notices import notify, read_notice, read_notices
from accounts.services.people import (
    EmailTaken,
    Recipient,
    RecipientNotFound,
    find_recipient,
    register,
)
from accounts.services.settling import unsettled_until

__all__ = [
    "EmailTaken",
    "Recipient",
    "RecipientNotFound",
    "find_recipient",
    "notify",
    "read_notice",
    "read_notices",
    "register",
    "unsettled_until",
]
