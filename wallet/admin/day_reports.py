"""A day's report as staff see it: what lies between the two balances, and how its rows were matched."""

from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.staff import amount, list_of
from wallet.admin import reconciliation_charts as charts
from wallet.models import Break, GatewayRow
from wallet.services.reconciliation.figures import IN_TRANSIT

CSV_HEAD = ("what", "gateway", "books", "difference", "kind", "state", "explanation")


def csv_rows(figures: dict[str, Any], *, currency: str, signature: str) -> list[tuple[Any, ...]]:
    return [
        ("balance", figures["gateway"], figures["books"], figures["difference"], currency, "", ""),
        *[
            (
                *(item["reference"] or item["key"], item["gateway"], item["books"]),
                *(item["books"] - item["gateway"], item["kind"], item["state"], item["explanation"]),
            )
            for item in figures["items"]
        ],
        ("rows digest", "", "", "", "", "", figures["rows"]["digest"]),
        ("signature", "", "", "", "", "", signature),
    ]


def item_of(item: dict[str, Any], currency: str) -> dict[str, Any]:
    kind = item["kind"]
    label = gettext("On its way over midnight") if kind == IN_TRANSIT else Break.Kind(kind).label
    return {
        "named": item["reference"] or item["key"],
        "kind": label,
        "state": Break.State(item["state"]).label if item["state"] else "",
        "gateway": amount(item["gateway"], currency, sign=True),
        "books": amount(item["books"], currency, sign=True),
        "difference": amount(item["books"] - item["gateway"], currency, sign=True),
        "explanation": item["explanation"],
        "address": list_of(Break, q=item["key"]) if item["state"] else list_of(GatewayRow, q=item["key"]),
    }


def balances_chart(figures: dict[str, Any], currency: str) -> charts.Chart:
    values = [
        (_("Our books"), amount(figures["books"], currency), figures["books"], "accent"),
        (_("The gateway"), amount(figures["gateway"], currency), figures["gateway"], "accent"),
        (_("Difference"), amount(figures["difference"], currency, sign=True), figures["difference"], "bad"),
    ]
    return charts.bars(values)


def parts_of(figures: dict[str, Any], currency: str) -> list[tuple[Any, Any]]:
    """What the difference is made of."""
    return [
        (_("Of it, listed below"), amount(figures["explained"], currency, sign=True)),
        (_("Of it, from before the first row"), amount(figures["opening_difference"], currency, sign=True)),
    ]


def matched_chart(figures: dict[str, Any]) -> charts.Chart:
    rows = figures["rows"]
    lone = rows["count"] - rows["by_reference"] - rows["by_score"] - rows["by_hand"]
    values = [
        (_("By its reference"), rows["by_reference"], "accent"),
        (_("By amount and time"), rows["by_score"], "accent"),
        (_("By hand"), rows["by_hand"], "accent"),
        (_("With nothing"), lone, "bad"),
    ]
    return charts.bars([(label, count, count, tone) for label, count, tone in values])
