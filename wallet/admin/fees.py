"""What movements cost, as dated schedules, and the form that proposes another."""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from accounts import proposals
from accounts.approvals import Payload
from accounts.proposals import ProposalForm, ProposalPage
from core.money import InvalidAmount, parse_amount
from core.staff import ReadOnlyAdmin, link_of, list_of
from wallet import fees, wording
from wallet.fees import Band
from wallet.forms import NGN
from wallet.models import FeeRule, FeeSchedule
from wallet.services.approved import fees as approved
from wallet.services.fees import tariff_of
from wallet.templatetags.wallet import plain_amount

TIERS = (("", _("All")), ("1", "1"), ("2", "2"), ("3", "3"))
COLUMNS = ("charge", "from_amount", "flat", "rate", "minimum", "maximum", "waived_for")


@admin.register(FeeSchedule)
class FeeScheduleAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "kind", "tier_shown", "from_date", "standing", "tax", "prices")
    list_filter = ("kind", "currency")
    shown = (*list_display[1:], "currency", "source", "made_at", link_of("approval", _("Approved as")))
    search_help_text = _("By the kind of movement")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return super().changelist_view(request, {**(extra_context or {}), "ways": _ways(request)})

    def find(self, queryset: QuerySet[FeeSchedule], term: str) -> QuerySet[FeeSchedule]:
        return queryset.filter(kind=term.upper())

    def get_queryset(self, request: HttpRequest) -> QuerySet[FeeSchedule]:
        later = FeeSchedule.objects.annotate(same=Coalesce("tier", -1)).filter(
            same=Coalesce(OuterRef("tier"), -1),
            kind=OuterRef("kind"),
            currency=OuterRef("currency"),
            from_date__gt=OuterRef("from_date"),
            from_date__lte=timezone.localdate(),
        )
        found: QuerySet[FeeSchedule] = super().get_queryset(request)
        return found.annotate(is_followed=Exists(later)).prefetch_related("rules")

    @admin.display(description=_("Tier"))
    def tier_shown(self, schedule: FeeSchedule) -> Any:
        return _("All") if schedule.tier is None else schedule.tier

    @admin.display(description=_("Holds"))
    def standing(self, schedule: Any) -> Any:
        if schedule.from_date > timezone.localdate():
            return _("Not yet")
        return _("No longer") if schedule.is_followed else _("Now")

    @admin.display(description=_("Charges"))
    def prices(self, schedule: FeeSchedule) -> str:
        return "; ".join(wording.prices(schedule.tariff(), schedule.currency_id)) or str(_("Nothing"))

    @admin.display(description=_("Tax on the fee"))
    def tax(self, schedule: FeeSchedule) -> str:
        return f"{(schedule.tax_rate * 100).normalize():f}%"


def _ways(request: HttpRequest) -> list[tuple[str, str]]:
    """A new price of each kind, for who may propose one; its form begins with what holds now."""
    if not request.user.has_perm(approved.ACTION.propose):
        return []
    address = reverse("admin:accounts_propose", args=[approved.CODE])
    return [
        (_("New price: %(kind)s") % {"kind": kind.label}, f"{address}?{urlencode({'kind': kind})}")
        for kind in FeeSchedule.Kind
    ]


class BandsField(forms.CharField):
    """The bands of a schedule, one on each line, with its columns parted by commas; amounts in naira."""

    widget = forms.Textarea(attrs={"rows": 6, "spellcheck": "false", "class": "code"})

    def to_python(self, value: Any) -> list[dict[str, Any]]:  # type: ignore[override]
        lines = [line for line in (value or "").splitlines() if line.strip()]
        return [approved.as_payload(self._band(number, line)) for number, line in enumerate(lines, start=1)]

    def validate(self, value: Any) -> None:
        """None is a schedule too: it charges nothing."""

    def run_validators(self, value: Any) -> None:
        """All is said in `_band`, and by the service."""

    def _band(self, number: int, line: str) -> Band:
        cells = [cell.strip() for cell in line.split(",")]
        cells += [""] * (len(COLUMNS) - len(cells))
        charge, waived = cells[0].upper(), cells[6].upper().split()
        try:
            if len(cells) > len(COLUMNS) or charge not in (fees.FEE, fees.STAMP_DUTY):
                raise ValueError
            if not set(waived) <= set(FeeRule.Waiver.values):
                raise ValueError
            return Band(
                charge=charge,
                from_amount=_amount(cells[1]),
                flat=_amount(cells[2]),
                rate=_share(cells[3]),
                minimum=_amount(cells[4]),
                maximum=_amount(cells[5]) if cells[5] else None,
                waived_for=frozenset(waived),
            )
        except (ValueError, InvalidOperation, InvalidAmount):
            raise forms.ValidationError(
                _("Line %(number)s cannot be read."), params={"number": number}
            ) from None


def _amount(text: str) -> int:
    return parse_amount(text, NGN) if text.strip("0.") else 0


def _share(text: str) -> Decimal:
    """A share typed in per cent. Raises ValueError, InvalidOperation for what is none."""
    share = Decimal(text.removesuffix("%") or 0) / 100
    if not share.is_finite() or not 0 <= share <= 1:
        raise ValueError
    return share


def as_lines(bands: Sequence[Band]) -> str:
    return "\n".join(
        ", ".join(
            [
                band.charge,
                plain_amount(band.from_amount),
                plain_amount(band.flat),
                f"{(band.rate * 100).normalize():f}",
                plain_amount(band.minimum),
                "" if band.maximum is None else plain_amount(band.maximum),
                " ".join(sorted(band.waived_for)),
            ]
        ).rstrip(", ")
        for band in bands
    )


class FeeScheduleForm(ProposalForm):
    kind = forms.ChoiceField(label=_("For"), choices=FeeSchedule.Kind.choices)
    tier = forms.TypedChoiceField(
        label=_("Tier"), choices=TIERS, coerce=int, empty_value=None, required=False
    )
    from_date = forms.DateField(
        label=_("From"),
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("Tomorrow or later. It holds until a schedule of a later day."),
    )
    tax = forms.DecimalField(
        label=_("Tax on the fee, %"), min_value=0, max_value=100, max_digits=6, decimal_places=3
    )
    bands = BandsField(
        label=_("Charges"),
        required=False,
        strip=False,
        help_text=_(
            "One line for each: FEE or STAMP_DUTY, from which amount on, flat amount, share in %, at least, at most, "
            "exemptions (SALARY OWN_ACCOUNT). In naira, parted by commas; what is left out is nothing. A line holds up "
            "to where the next of the same charge begins. No line: free of charge."
        ),
    )
    source = forms.CharField(
        label=_("Where it comes from"), max_length=500, help_text=_("The law, or whose decision it is.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kind = self.initial.get("kind")
        if not self.is_bound and kind in FeeSchedule.Kind.values and "bands" not in self.initial:
            held = tariff_of(kind=kind, currency=NGN, tier=None, at=timezone.now())
            self.initial["bands"] = as_lines(held.bands)
            self.initial["tax"] = f"{(held.tax_rate * 100).normalize():f}"

    def payload(self) -> Payload:
        data = self.cleaned_data
        return {
            "kind": data["kind"],
            "tier": data["tier"],
            "currency": NGN,
            "from_date": data["from_date"].isoformat(),
            "tax_rate": f"{(data['tax'] / 100).normalize():f}",
            "bands": data["bands"],
            "source": data["source"],
        }

    def target(self) -> str:
        return approved.target_of(self.payload())


proposals.register(
    ProposalPage(
        approved.CODE,
        FeeScheduleForm,
        _("A schedule is never changed: this one follows the one before from its day on, as a whole."),
        lambda _approval: list_of(FeeSchedule),
    )
)
