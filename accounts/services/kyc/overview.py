"""How far a customer has come: the facts behind the task list, the start page and the page of limits."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.utils import timezone
from django.utils.functional import Promise

from accounts.kyc import steps
from accounts.kyc.requirements import required_of
from accounts.kyc.steps import Given, Step
from accounts.models import BankAccountClaim, Customer, IdentityNumber, KycApplication, KycDocument, User
from core.actors import acting_as_service

HIGHEST = 3
State = KycApplication.State


@dataclass(frozen=True)
class Requirement:
    """One thing that a tier requires, and how far a customer is with it (states of accounts.kyc.steps)."""

    code: str
    label: str | Promise
    state: str


@dataclass(frozen=True)
class Task:
    """One line of the task list."""

    step: Step
    state: str
    is_open: bool

    @property
    def is_done(self) -> bool:
        return self.state in (steps.GIVEN, steps.IN_REVIEW, steps.MET)


@dataclass(frozen=True)
class Card:
    """What the start page says of a customer's identity: the state of their application, and how far it is."""

    state: str
    tier: int
    done: int
    asked: int


def latest_of(user: User) -> KycApplication | None:
    """The newest application of this customer, as they may see it."""
    return KycApplication.objects.visible_to(user).order_by("-id").first()


def given_of(application: KycApplication) -> Given:
    """What an application holds, as plain facts."""
    found = KycDocument.objects.current().filter(application=application)
    documents = list(found.only("kind", "side", "state"))
    numbers = IdentityNumber.objects.held().filter(customer_id=application.customer_id)
    again = [steps.item_of(item) for item in application.asked_again]
    named = [item["document"] for item in again if "document" in item]
    slots = KycDocument.objects.filter(application=application, pk__in=named).values_list(
        "pk", "kind", "side"
    )
    asked = steps.read_asked(again, {str(pk): (kind, side) for pk, kind, side in slots} if named else {})
    for document in documents:
        if document.state == KycDocument.State.REJECTED:
            asked["slots_asked"][document.kind, document.side] = False
    return Given(
        state=application.state,
        personal=bool(application.first_name and application.last_name and application.date_of_birth),
        address=bool(application.address and application.city and application.region),
        bank_account=BankAccountClaim.objects.filter(application=application).exists(),
        consent=application.consented_at is not None,
        numbers={kind: bool(verified) for kind, verified in numbers.values_list("kind", "verified_at")},
        documents={(document.kind, document.side): document.state for document in documents},
        **asked,
    )


def codes_of(application: KycApplication, on: date) -> list[str]:
    """The steps of an application, in the order of its pages."""
    return steps.asked_for(required_of(application.target_tier, on))


def tasks_of(application: KycApplication, given: Given, on: date) -> list[Task]:
    return [
        Task(steps.STEPS[code], steps.state_of(code, given), steps.is_open_to_change(code, given))
        for code in codes_of(application, on)
    ]


def progress_of(tasks: Iterable[Task], given: Given) -> tuple[int, int]:
    """How many are done, of how many that are asked for now."""
    counted = [task for task in tasks if not given.is_asked_again or task.is_open]
    return sum(1 for task in counted if task.is_done), len(counted)


def requirement_states(*, user: User, tier: int, on: date) -> list[Requirement]:
    """Return what a tier requires on a day in Lagos, in order, and how far this customer is with each."""
    with acting_as_service(on_behalf_of=user):
        customer = Customer.objects.filter(pk=user.pk).only("tier").first()
        latest = KycApplication.objects.filter(customer_id=user.pk).order_by("-id").first()
        given = given_of(latest) if latest and latest.state in KycApplication.OPEN_STATES else _kept(user)
        approved = KycApplication.objects.filter(customer_id=user.pk, state=State.APPROVED)
        tiers = set(approved.values_list("target_tier", flat=True))
        required = required_of(tier, on)
        known = {code for reached in tiers for code in required_of(reached, on)}
        if customer and customer.tier >= tier > 1:
            known |= set(required)
    if known & set(steps.NUMBERS[steps.BVN_OR_NIN]):
        known.add(steps.BVN_OR_NIN)
    return [
        Requirement(
            code, steps.STEPS[code].title, steps.MET if code in known else steps.state_of(code, given)
        )
        for code in steps.STEPS
        if code in required
    ]


def card_of(*, user: User, at: datetime) -> Card | None:
    """Return what the start page shows of this; nothing for staff, and for who has reached the highest tier."""
    customer = Customer.objects.filter(pk=user.pk).only("tier").first()
    if customer is None:
        return None
    latest = latest_of(user)
    if latest is None or latest.state == State.APPROVED:
        return Card("", customer.tier + 1, 0, 0) if customer.tier < HIGHEST else None
    given = given_of(latest)
    done, asked = progress_of(tasks_of(latest, given, timezone.localdate(at)), given)
    return Card(latest.state, latest.target_tier, done, asked)


def _kept(user: User) -> Given:
    """What counts of a customer without an open application: the numbers."""
    numbers = IdentityNumber.objects.held().filter(customer_id=user.pk)
    return Given(
        numbers={kind: bool(verified) for kind, verified in numbers.values_list("kind", "verified_at")}
    )
