"""Applicants who can be searched for, applications that wait for their score, and reports of bureaux."""

from datetime import date, datetime, timedelta
from itertools import count
from typing import Any

from django.utils import timezone

from accounts.models import Customer, User
from accounts.tests.declaring import give_number
from accounts.tests.factories import make_person
from core.actors import acting_as_service
from credit.bureaux import CLEAR, DEFAULT, LATE, Line, Report
from credit.models import AdverseAction, Application, BureauReport, Case, Consent
from credit.states import State
from credit.tests.world import NAIRA, application
from wallet.tests.factories import make_wallet

# The last digit of a BVN: which file the sandbox bureaux have of it.
GOOD, UNKNOWN, THIN, IN_DEFAULT, BEHIND = "90123"
_numbers = count(1)
BORN = date(1990, 4, 2)


def applicant(file: str = GOOD, *, born: date = BORN, name: str = "Ada Obi") -> User:
    user = make_person(name=name)
    make_wallet(user, amount=0, tier=3)
    give_number(user, "BVN", f"222{next(_numbers):07d}{file}")
    with acting_as_service():
        Customer.objects.filter(pk=user.pk).update(date_of_birth=born)
    return user


def submitted(
    user: User, *, consents: bool = True, at: datetime | None = None, **changes: Any
) -> Application:
    """An application that was sent, with the consents that it takes."""
    at = at or timezone.now()
    facts: dict[str, Any] = {"deadline": None, "listings": 0, "at": at, **changes}
    made = application(user, state=State.SUBMITTED, **facts)
    if consents:
        for kind in (Consent.Kind.SOFT_SEARCH, Consent.Kind.SCORING, Consent.Kind.HARD_SEARCH):
            consent(made, kind, at=at)
    return made


def poor(user: User, **changes: Any) -> Application:
    """One whose score falls short, though no rule declines it."""
    facts: dict[str, Any] = {
        "naira": 300_000,
        "income": 100_000 * NAIRA,
        "expenses": 90_000 * NAIRA,
        "debts": 25_000 * NAIRA,
        "employment": "NONE",
        "employed_since": None,
    }
    return submitted(user, **{**facts, **changes})


def consent(made: Application, kind: str, *, at: datetime) -> Consent:
    with acting_as_service():
        return Consent.objects.create(
            application=made,
            kind=kind,
            version="1",
            sha256="0" * 64,
            given_at=at,
            expires_at=at + timedelta(days=180),
        )


def line(standing: str = CLEAR, *, late_days: int = 0) -> Line:
    return Line("Kano Trust", "2021-03-01", standing, 4_000_000, 500_000, late_days)


CLEAN = Report(True, 1, (line(),))
BAD = Report(True, 2, (line(DEFAULT, late_days=200),))
LATELY = Report(True, 2, (line(LATE, late_days=30),))


def answered(
    made: Application, bureau: str, report: Report = CLEAN, *, at: datetime | None = None
) -> BureauReport:
    """A soft search that was made and answered."""
    at = at or timezone.now()
    with acting_as_service():
        return BureauReport.objects.create(
            application=made,
            bureau=bureau,
            kind="SOFT",
            consent=Consent.objects.get(application=made, kind="SOFT_SEARCH"),
            state="ANSWERED",
            mapped=report.data(),
            asked_at=at,
            answered_at=at,
        )


def searched(made: Application, first: Report = CLEAN, second: Report = CLEAN) -> list[BureauReport]:
    return [answered(made, "meridian", first), answered(made, "savanna", second)]


def fresh(made: Application) -> Application:
    with acting_as_service():
        return Application.objects.get(pk=made.pk)


def cases_of(made: Application) -> list[tuple[str, bool]]:
    """The kinds of an application's cases, and whether each is decided."""
    with acting_as_service():
        found = Case.objects.filter(application=made).order_by("id")
        return [(case.kind, case.decided_at is not None) for case in found]


def told_of(made: Application) -> list[AdverseAction]:
    with acting_as_service():
        return list(AdverseAction.objects.filter(application=made).order_by("id"))


def reach_bureaux(settings: Any, site: str) -> None:
    """Have both sandbox bureaux reached over HTTP, at a site that runs on this machine."""
    port = site.rpartition(":")[2]
    settings.CREDIT_BUREAUX = {
        code: {**link, "url": f"http://127.0.0.1:{port}/sandbox/bureaux/{code}"}
        for code, link in settings.CREDIT_BUREAUX.items()
    }
