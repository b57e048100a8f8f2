"""What a customer sees of their invitations: the rules in words, who came of them, and what they earned."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Sum
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Referral, ReferralBonus, ReferralProgram, User
from accounts.models.referrals import Event
from accounts.referral_words import WHY
from accounts.services import referrals
from core.templatetags.money import money

PAGE = 20
_State = Referral.State
STATES: dict[str, tuple[str, str | Promise]] = {
    _State.INVITED: ("pending", _("Invited")),
    _State.JOINED: ("info", _("Joined")),
    _State.QUALIFIED: ("pending", _("On its way")),
    _State.PAID: ("success", _("Paid")),
    _State.REFUSED: ("neutral", _("No bonus")),
    _State.CLAWED_BACK: ("neutral", _("Taken back")),
}
ASKED: dict[str, str | Promise] = {
    Event.KYC_APPROVED: _("has their identity confirmed"),
    Event.FIRST_DEPOSIT: _("adds money for the first time"),
    Event.FIRST_LOAN_REPAID: _("repays a first loan"),
}


@dataclass(frozen=True)
class Invited:
    """One line of the list: who, as far as they are shown, and how it stands."""

    id: UUID
    name: str
    tone: str
    label: str | Promise
    text: str | Promise
    at: datetime | None


@dataclass(frozen=True)
class Overview:
    """`earned` is in minor units of each currency; `older` the id behind which the next page begins."""

    code: str
    program: ReferralProgram | None
    rules: list[str]
    earned: list[tuple[str, int]]
    invited: list[Invited]
    older: UUID | None


def overview_of(*, user: User, at: datetime, before: UUID | None = None) -> Overview:
    """What this customer is shown, read as themselves."""
    program = referrals.in_force(at=at)
    mine = Referral.objects.visible_to(user).order_by("-id")
    rows = list((mine.filter(pk__lt=before) if before else mine)[: PAGE + 1])
    paid = ReferralBonus.objects.visible_to(user).filter(state=ReferralBonus.State.PAID)
    earned = paid.order_by("currency").values_list("currency").annotate(Sum("amount"))
    return Overview(
        code=referrals.code_of(user=user, at=at).code,
        program=program,
        rules=list(rules_of(program)) if program else [],
        earned=list(earned),
        invited=[_line(row) for row in rows[:PAGE]],
        older=rows[PAGE - 1].pk if len(rows) > PAGE else None,
    )


def rules_of(program: ReferralProgram) -> Iterator[str]:
    """A programme in sentences, from its own figures."""
    yield _first(program)
    if program.invited_bonus:
        yield gettext("Your friend gets %(amount)s.") % {"amount": _money(program, program.invited_bonus)}
    for amount in program.level_bonuses[1:2]:
        if amount:
            yield gettext("When your friend brings somebody who does the same, you get %(amount)s more.") % {
                "amount": _money(program, amount)
            }
    yield from _caps(program)
    if program.clawback_days and program.event == Event.FIRST_DEPOSIT:
        yield ngettext(
            "Is that money taken back within %(days)s day, so are the bonuses.",
            "Is that money taken back within %(days)s days, so are the bonuses.",
            program.clawback_days,
        ) % {"days": program.clawback_days}
    if program.ends_on:
        yield gettext("The programme ends on %(day)s, or when its money is spent.") % {
            "day": date_format(program.ends_on, "j F Y")
        }
    else:
        yield gettext("The programme runs until we end it or its money is spent.")


def _first(program: ReferralProgram) -> str:
    facts = {
        "amount": _money(program, program.referrer_bonus),
        "deed": ASKED[program.event],
        "minimum": _money(program, program.minimum),
        "days": program.window_days,
    }
    if program.event == Event.FIRST_DEPOSIT and program.minimum:
        text = ngettext(
            "You get %(amount)s for each friend who joins by your link and adds %(minimum)s or more at once, "
            "within %(days)s day.",
            "You get %(amount)s for each friend who joins by your link and adds %(minimum)s or more at once, "
            "within %(days)s days.",
            program.window_days,
        )
    else:
        text = ngettext(
            "You get %(amount)s for each friend who joins by your link and %(deed)s within %(days)s day.",
            "You get %(amount)s for each friend who joins by your link and %(deed)s within %(days)s days.",
            program.window_days,
        )
    return text % facts


def _caps(program: ReferralProgram) -> Iterator[str]:
    if program.cap_referrals:
        yield ngettext(
            "You are paid for %(number)s friend at most.",
            "You are paid for %(number)s friends at most.",
            program.cap_referrals,
        ) % {"number": program.cap_referrals}
    if program.cap_amount:
        yield gettext("You can earn %(amount)s in all.") % {"amount": _money(program, program.cap_amount)}
    if not program.cap_referrals and not program.cap_amount:
        yield gettext("There is no limit to how many friends you bring.")


def _line(row: Referral) -> Invited:
    tone, label = STATES[row.state]
    texts: dict[str, str | Promise] = {
        _State.INVITED: _("They have not joined yet"),
        _State.JOINED: gettext("Open until %(day)s") % {"day": date_format(row.qualify_by, "j F Y")},
        _State.QUALIFIED: _("They did what your bonus asks for"),
        _State.PAID: _("The bonus is in your account"),
    }
    at = row.qualified_at or row.joined_at or row.invited_at
    return Invited(row.pk, row.shown_as, tone, label, texts.get(row.state) or WHY.get(row.told, ""), at)


def _money(program: ReferralProgram, amount: int) -> str:
    return money(amount, program.currency)
