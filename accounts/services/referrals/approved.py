"""Referral programmes give the operator's money away, so two people begin one. Ending one is for a single person."""

from datetime import date, datetime

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.approvals import ApprovalAction, Described, Payload
from accounts.models import Approval, ReferralProgram
from accounts.models.referrals import Event
from accounts.services.referrals.programs import ProgramInPast, ProgramOverlaps, make_program
from core.templatetags.money import money

CODE = "accounts.referral_program"
DATES = ("starts_on", "ends_on")


def _check(payload: Payload) -> None:
    """Raises ProgramInPast, ProgramOverlaps."""
    begins = date.fromisoformat(payload["starts_on"])
    if begins < timezone.localdate():
        raise ProgramInPast
    later = ReferralProgram.objects.filter(starts_on__gte=begins, ended_at=None)
    if payload["ends_on"]:
        later = later.filter(starts_on__lte=date.fromisoformat(payload["ends_on"]))
    if later.exists():
        raise ProgramOverlaps


def _version(_payload: Payload) -> str:
    newest = ReferralProgram.objects.order_by("-pk").first()
    return f"{newest.pk} {newest.ends_on} {newest.ended_at}" if newest else ""


def _describe(payload: Payload) -> Described:
    def in_money(amount: int) -> str:
        return money(amount, payload["currency"])

    begins = date.fromisoformat(payload["starts_on"])
    before = ReferralProgram.objects.in_force(begins).filter(starts_on__lt=begins).first()
    levels = ", ".join(in_money(each) for each in payload["level_bonuses"])
    most = payload["cap_amount"]
    return [
        (_("Name"), payload["name"]),
        (_("From"), payload["starts_on"]),
        (_("To"), payload["ends_on"] or _("open")),
        (
            _("The programme before it"),
            _("%(name)s ends on the day before") % {"name": before} if before else "–",
        ),
        (_("Money for it all"), in_money(payload["budget"])),
        (_("What the new customer must do"), Event(payload["event"]).label),
        (_("A deposit of at least"), in_money(payload["minimum"])),
        (_("Bonus for the new customer"), in_money(payload["invited_bonus"])),
        (_("Bonuses by level"), levels),
        (_("Money that one person earns, at most"), in_money(most) if most else _("no limit")),
        (_("Friends that one person is paid for, at most"), str(payload["cap_referrals"] or _("no limit"))),
        (_("Terms"), payload["terms"]),
    ]


def _apply(payload: Payload, approval: Approval, at: datetime) -> None:
    """Begin it. Raises ProgramInPast, ProgramOverlaps."""
    facts = {name: value for name, value in payload.items() if name not in DATES}
    begins = date.fromisoformat(payload["starts_on"])
    ends = date.fromisoformat(payload["ends_on"]) if payload["ends_on"] else None
    make_program(by=approval.maker, reason=approval.reason, at=at, starts_on=begins, ends_on=ends, **facts)


ACTION = ApprovalAction(
    code=CODE,
    label=_("Referral programme"),
    propose="accounts.run_referral_programs",
    approve="accounts.approve_referral_program",
    check=_check,
    target_version=_version,
    describe=_describe,
    apply=_apply,
    amount=lambda payload: int(payload["budget"]),
)
