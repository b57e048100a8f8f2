"""The demo world's loans: two lenders, and two months of borrowing, told beside the wallets' weeks. Development only.

Whatever happens is done by the services, at moments that are over. Only the credit bureaux are not asked: a world that
is made in one transaction calls nobody, so what they would have answered is written down.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

from django.utils import timezone

from accounts.models import Customer, User
from core.ids import posting_id, uuid7
from core.rolling import close_whole_day, days_to_close
from credit import bureaux
from credit.application_rules import STEPS
from credit.bureaux import CLEAR, DEFAULT, Line, Report
from credit.consents import CURRENT, NEEDED
from credit.demo_lenders import NAIRA, Lender, in_parts, other_lender, own_lender
from credit.models import Bid, BureauReport, Consent, Contract
from credit.released import BY_NAME
from credit.services import (
    accepting,
    applying,
    automatic,
    bidding,
    consenting,
    disbursing,
    drawing_down,
    reminding,
    repaying,
    scoring,
    signing,
)
from credit.services.closing import LOANS
from credit.terms import Effect
from wallet.demo import Act

DAY = timedelta(days=1)
# The first partition of days that there surely is begins 59 days back.
BEGAN = 58
# The latest day, back from the one on which it is told, on which a month has passed since the first payout.
FIRST_DUE = 28
LENDERS = {"own": "lekan", "other": "halima"}
STEADY: dict[str, Any] = {
    "employment": "EMPLOYED",
    "employed_since": date(2019, 3, 1),
    "income": 450_000,
    "expenses": 150_000,
    "debts": 15_000,
}
HARDLY: dict[str, Any] = {
    "employment": "NONE",
    "employed_since": None,
    "income": 100_000,
    "expenses": 90_000,
    "debts": 25_000,
}
GOOD = Report(True, 1, (Line("Kano Trust", "2021-03-01", CLEAR, 4_000_000, 500_000, 0),))
LOST = Report(True, 6, (Line("Kano Trust", "2023-06-01", DEFAULT, 18_000_000, 1_500_000, 210),))


class Story:
    """Acts at moments, by days before the day on which it is told."""

    def __init__(self, people: Mapping[str, User], at: datetime) -> None:
        self.people, self.at, self.acts = people, at, list[Act]()
        self.lenders: dict[str, Lender] = {}

    def moment(self, days: int, hour: int) -> datetime:
        day = timezone.localdate(self.at) - days * DAY
        return min(timezone.make_aware(datetime.combine(day, time(hour))), self.at)

    def then(self, days: int, hour: int, do: Callable[..., object], *args: Any, **facts: Any) -> None:
        moment = self.moment(days, hour)
        self.acts.append((moment, partial(do, *args, at=moment, **facts)))

    def asks(self, who: str, days: int, naira: int, count: int, purpose: str, **facts: Any) -> UUID:
        """Somebody applies; within the hour it is scored."""
        chosen = uuid7()
        report = facts.pop("report", GOOD)
        answers = {**STEADY, "amount": naira, "count": count, "purpose": purpose, **facts}
        self.then(days, 9, _apply, chosen, self.people[who], answers)
        self.then(days, 10, _score, chosen, report)
        return chosen

    def signs(
        self, who: str, days: int, naira: int, count: int, purpose: str, lender: str = "own", **facts: Any
    ) -> UUID:
        """Somebody applies, and accepts what a lender offers, who signs the day after.

        What is set aside ends by the clock of today, so the offer stands until then.
        """
        chosen = self.asks(who, days, naira, count, purpose, **facts)
        wish = {"amount": naira * NAIRA, "count": count, "rate": Decimal(27), "expires_at": self.at + 7 * DAY}
        self.then(days, 11, _offer, chosen, self, lender, wish)
        self.then(days, 14, _accept, chosen, self.people[who])
        self.then(days, 15, _search_fully, chosen)
        self.then(days - 1, 9, _countersign, chosen, self, lender)
        return chosen

    def borrows(self, who: str, days: int, naira: int, count: int, purpose: str, **facts: Any) -> UUID:
        """Somebody signs with Alajo Credit; the day after applying it is paid out."""
        chosen = self.signs(who, days, naira, count, purpose, **facts)
        self.then(days - 1, 10, disbursing.disburse, application_id=chosen)
        return chosen

    def draws(self, who: str, loan: UUID, naira: int, days: int) -> None:
        facts = {"application_id": loan, "user": self.people[who], "amount": naira * NAIRA}
        self.then(days, 10, _draw, facts)

    def pays(self, who: str, loan: UUID, naira: int, days: int, effect: Effect | None = None) -> None:
        facts = {"loan_id": loan, "user": self.people[who], "amount": naira * NAIRA, "effect": effect}
        self.then(days, 13, _pay, facts)


def tell(people: Mapping[str, User], at: datetime) -> list[Act]:
    """Who borrows how, and each night's roll."""
    story = Story(people, at)
    story.then(BEGAN, 8, _begin, story)
    _pays_as_agreed(story)
    _is_late(story)
    _draws_in_parts(story)
    _chooses(story)
    _wait_for_others(story)
    for days in range(BEGAN - 1, -1, -1):
        story.then(days, 1, _night, day=timezone.localdate(at) - (days + 1) * DAY)
    # A few days before the first instalment is due.
    for days in range(FIRST_DUE + 3, -1, -1):
        story.then(days, 8, reminding.remind_some)
    return story.acts


def _begin(story: Story, *, at: datetime) -> None:
    other = other_lender(story.people[LENDERS["other"]], at=at)
    story.lenders = {
        "own": own_lender(story.people[LENDERS["own"]], at=at),
        "other": other,
        "parts": in_parts(other, at=at),
    }


def _pays_as_agreed(story: Story) -> None:
    """Ada pays her first instalment on its day, and something on top two weeks later."""
    loan = story.borrows("ada", 57, 250_000, 6, "HOME", purpose_text="A new roof before the rains")
    story.pays("ada", loan, 45_600, 26)
    story.pays("ada", loan, 60_000, 12, Effect.SMALLER)


def _is_late(story: Story) -> None:
    """Efe has not paid his first instalment."""
    story.borrows("efe", 56, 90_000, 3, "EDUCATION", purpose_text="A course in Lagos")


def _draws_in_parts(story: Story) -> None:
    """Ngozi has two of three parts; the third is hers to ask for. She paid what was due before the second."""
    text = "Stock for the shop, as it sells"
    loan = story.signs("ngozi", 46, 300_000, 6, "BUSINESS", lender="parts", purpose_text=text)
    story.draws("ngozi", loan, 120_000, 45)
    story.pays("ngozi", loan, 22_000, 14)
    story.draws("ngozi", loan, 80_000, 10)


def _chooses(story: Story) -> None:
    """Bola has three days of offers to look at; somebody at the second lender made one by hand."""
    asked = story.asks("bola", 3, 400_000, 12, "BUSINESS", purpose_text="Stock for December")
    story.then(3, 11, automatic.offer_next)
    wish = {"amount": 400_000 * NAIRA, "count": 12, "rate": Decimal("25.5")}
    wish |= {"expires_at": story.at + 5 * DAY, "conditions": ("We visit the shop once.",)}
    story.then(2, 12, _offer, asked, story, "other", wish)


def _wait_for_others(story: Story) -> None:
    """Declined by a rule; with an officer; and signed by her, not yet by the lender."""
    story.asks("fatima", 9, 150_000, 6, "HEALTH", report=LOST)
    story.asks("musa", 1, 300_000, 12, "BUSINESS", **HARDLY)
    signed = story.asks("jumoke", 1, 120_000, 6, "HOME")
    story.then(1, 11, automatic.offer_next)
    story.then(1, 14, _accept, signed, story.people["jumoke"])
    story.then(1, 15, _search_fully, signed)


def _apply(chosen: UUID, user: User, answers: dict[str, Any], *, at: datetime) -> None:
    Customer.objects.filter(pk=user.pk, date_of_birth=None).update(date_of_birth=date(1990, 4, 2))
    money = ("amount", "income", "expenses", "debts")
    facts = {name: value * NAIRA if name in money else value for name, value in answers.items()}
    facts |= {"released": list(BY_NAME), "pools": False}
    applying.start(application_id=chosen, user=user, at=at)
    for step in STEPS:
        applying.save_step(application_id=chosen, user=user, slug=step.slug, facts=facts, at=at)
    seen = {str(kind): CURRENT[kind].sha256 for kind in NEEDED}
    consenting.give(application_id=chosen, user=user, seen=seen, at=at)
    applying.submit(application_id=chosen, user=user, at=at)


def _score(chosen: UUID, report: Report, *, at: datetime) -> None:
    _answered(chosen, BureauReport.Kind.SOFT, Consent.Kind.SOFT_SEARCH, report, at)
    scoring.decide_application(application_id=chosen, at=at)


def _search_fully(chosen: UUID, *, at: datetime) -> None:
    _answered(chosen, BureauReport.Kind.HARD, Consent.Kind.HARD_SEARCH, GOOD, at)


def _answered(chosen: UUID, kind: str, consent: str, report: Report, at: datetime) -> None:
    agreed = Consent.objects.get(application=chosen, kind=consent)
    for code in bureaux.codes():
        BureauReport.objects.create(
            application_id=chosen,
            bureau=code,
            kind=kind,
            consent=agreed,
            state=BureauReport.State.ANSWERED,
            mapped=report.data(),
            asked_at=at,
            answered_at=at,
        )


def _offer(chosen: UUID, story: Story, code: str, facts: dict[str, Any], *, at: datetime) -> None:
    lender = story.lenders[code]
    bidding.make_bid(
        bid_id=uuid7(),
        application_id=chosen,
        provider_id=lender.provider.pk,
        by=lender.owner,
        wish=bidding.Wish(product_id=lender.product.pk, **facts),
        at=at,
    )


def _accept(chosen: UUID, user: User, *, at: datetime) -> None:
    """The cheapest, and sign it."""
    best = Bid.objects.filter(application=chosen, state=Bid.State.LIVE).order_by("apr", "pk")[0]
    made = accepting.accept(application_id=chosen, bid_ids=[best.pk], user=user, at=at, key=uuid7())
    search = Consent.Kind.HARD_SEARCH
    signing.sign(
        application_id=chosen,
        user=user,
        sha256=made.sha256,
        at=at,
        seen={search: CURRENT[search].sha256},
    )


def _countersign(chosen: UUID, story: Story, code: str, *, at: datetime) -> None:
    contract = Contract.objects.get(application=chosen)
    lender = story.lenders[code]
    signing.provider_sign(
        application_id=chosen,
        provider_id=lender.provider.pk,
        by=lender.owner,
        sha256=contract.sha256,
        at=at,
    )


def _draw(facts: dict[str, Any], *, at: datetime) -> None:
    drawing_down.draw(**facts, posting_id=posting_id(), at=at)


def _pay(facts: dict[str, Any], *, at: datetime) -> None:
    repaying.repay(**facts, posting_id=posting_id(), at=at)


def _night(*, day: date, at: datetime) -> None:
    """After midnight the day that is over is closed for every loan; who is late is charged what was agreed."""
    if day in days_to_close(LOANS, until=day):
        close_whole_day(LOANS, day=day)
