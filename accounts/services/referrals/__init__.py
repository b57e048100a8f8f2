"""Referrals: codes and programmes, joining by a code, qualifying, and what becomes of the bonuses.

    from accounts.services import referrals
    referrals.qualify(user_id=user.pk, event=Event.KYC_APPROVED, at=at)

Inviting by mail stands in `inviting`, which needs what writes letters.
"""

from accounts.services.referrals.codes import (
    CodeNoLongerValid,
    CodeNotFound,
    Inviter,
    code_of,
    count_lookup,
    count_visit,
    inviter_of,
)
from accounts.services.referrals.joining import attach, leave
from accounts.services.referrals.programs import (
    ProgramInPast,
    ProgramOver,
    ProgramOverlaps,
    end_program,
    in_force,
    make_program,
    program_for_strangers,
)
from accounts.services.referrals.qualifying import lapse, qualify
from accounts.services.referrals.refusing import NotRefusable, refuse
from accounts.services.referrals.reserving import reserve
from accounts.services.referrals.taking_back import claw_back

__all__ = [
    "CodeNoLongerValid",
    "CodeNotFound",
    "Inviter",
    "NotRefusable",
    "ProgramInPast",
    "ProgramOver",
    "ProgramOverlaps",
    "attach",
    "claw_back",
    "code_of",
    "count_lookup",
    "count_visit",
    "end_program",
    "in_force",
    "inviter_of",
    "lapse",
    "leave",
    "make_program",
    "program_for_strangers",
    "qualify",
    "refuse",
    "reserve",
]
