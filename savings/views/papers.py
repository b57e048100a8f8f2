"""Papers of savings: a statement of one, and what interest all of them were paid in a year."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.requests import PersonRequest
from core.errors import DomainError
from savings.models import UserSavings
from savings.refusals import DaysInvalid
from savings.services import papers as savings_papers
from savings.services.papers.certificates import Certified
from wallet.forms import StatementForm
from wallet.models import Document
from wallet.services.documents import spelled
from wallet.services.statements import files
from wallet.views.access import own_wallet, wallet_page
from wallet.views.statements import attached

SHOWN = 20
MONTH = timedelta(days=30)


@dataclass(frozen=True)
class Made:
    """A statement that was made before."""

    since: date
    until: date
    code: str
    issued_at: datetime

    @classmethod
    def of(cls, document: Document) -> "Made":
        since, until = (date.fromisoformat(document.facts[name]) for name in ("since", "until"))
        return cls(since, until, spelled(document.code), document.issued_at)


@wallet_page
@require_safe
def papers(request: PersonRequest, pk: UUID) -> HttpResponse:
    """Choose days for a statement, and see those that were made."""
    own_wallet(request.user)
    saving = _own(request, pk)
    today = timezone.localdate()
    first = {"since": max(saving.opened_on or today, today - MONTH), "until": today}
    if saving.ended_at is not None and saving.opened_on is not None:
        first = {"since": saving.opened_on, "until": timezone.localdate(saving.ended_at)}
    return _page(request, saving, StatementForm(initial=first, today=today))


def _page(request: PersonRequest, saving: UserSavings, form: StatementForm) -> HttpResponse:
    made = Document.objects.visible_to(request.user).filter(
        account=saving.account_id, kind=Document.Kind.SAVINGS_STATEMENT
    )
    shown = [Made.of(one) for one in made.order_by("-issued_at", "-pk")[:SHOWN]]
    context = {"saving": saving, "form": form, "made": shown, "year": timezone.localdate().year}
    return render(request, "savings/papers/saving.html", context, status=422 if form.errors else 200)


@wallet_page
@require_safe
def statement(request: PersonRequest, pk: UUID) -> HttpResponseBase:
    """The statement of the days that the address names; the page again where they cannot be."""
    saving = _own(request, pk)
    form = StatementForm(request.GET, today=timezone.localdate())
    if not form.is_valid():
        return _page(request, saving, form)
    since, until = form.cleaned_data["since"], form.cleaned_data["until"]
    try:
        document = savings_papers.issue_statement(
            saving_id=pk, user=request.user, since=since, until=until, at=timezone.now()
        )
    except DaysInvalid as refusal:
        form.add_error(refusal.data["field"], str(refusal))
        return _page(request, saving, form)
    except DomainError as refusal:
        form.add_error(None, str(refusal))
        return _page(request, saving, form)
    drawn = savings_papers.statement_pdf(document)
    name = f"alajo-savings-{since:%Y-%m-%d}-{until:%Y-%m-%d}.pdf"
    return attached(HttpResponse(drawn, content_type=files.PDF), name)


@wallet_page
@require_safe
def certificates(request: PersonRequest) -> HttpResponse:
    """What interest was paid in each year, and its certificate."""
    own_wallet(request.user)
    today = timezone.localdate()
    years = savings_papers.years_of(user=request.user, on=today)
    told = [_sums(year, savings_papers.certified(user=request.user, year=year)) for year in years]
    return render(request, "savings/papers/certificates.html", {"years": told, "this_year": today.year})


def _sums(year: int, rows: list[Certified]) -> dict[str, object]:
    interest, tax = sum(row.interest for row in rows), sum(row.tax for row in rows)
    return {"year": year, "rows": rows, "interest": interest, "tax": tax, "net": interest - tax}


@wallet_page
@require_safe
def certificate(request: PersonRequest, year: int) -> HttpResponseBase:
    """The certificate of a year; of the present one, up to today."""
    try:
        document = savings_papers.issue_certificate(user=request.user, year=year, at=timezone.now())
    except DaysInvalid:
        raise Http404 from None
    except DomainError as refusal:
        context = {"title": _("This paper cannot be made just now"), "refusal": refusal}
        return render(request, "savings/papers/refused.html", context, status=429)
    drawn = savings_papers.certificate_pdf(document)
    return attached(HttpResponse(drawn, content_type=files.PDF), f"alajo-interest-{year}.pdf")


def _own(request: PersonRequest, pk: UUID) -> UserSavings:
    savings = UserSavings.objects.visible_to(request.user).select_related("plan")
    return get_object_or_404(savings, pk=pk)
