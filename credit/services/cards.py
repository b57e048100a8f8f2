"""Scorecards: a new version is proposed with its back-test, and comes into force by a second person's word.

A version is never changed; it holds from its day until the next one's. The back-test is worked out when it is
proposed, shown to who approves, and worked out again when it is applied: that one is kept.
"""

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.approvals import ApprovalAction, Described, Payload
from accounts.models import Approval
from core.errors import DomainError
from credit.backtest import backtest
from credit.card_data import card_data, card_hash, card_of
from credit.card_rules import findings
from credit.inputs import NAMES
from credit.models import CreditScore, ScorecardVersion
from credit.scorecard import Card

CODE = "credit.scorecard"
LONGEST_SOURCE, LONGEST_CARD = 500, 100_000
# How many decisions of the past a card is tried on, the newest.
TRIED_ON = 1000


class CardUnsound(DomainError):
    """`data["findings"]` names what is wrong, and where."""

    code = "credit_card_unsound"
    message = gettext_lazy("This card cannot be used.")
    public = ("findings",)


class CardTooSoon(DomainError):
    code = "credit_card_too_soon"
    message = gettext_lazy("A card holds from tomorrow on at the earliest, and each day has one.")


class CardKnown(DomainError):
    code = "credit_card_known"
    kind = "conflict"
    message = gettext_lazy("There is a card of this name and version. Raise its version.")


def read_card(text: str) -> Card:
    """Return the card in a text of JSON. Raises CardUnsound."""
    try:
        if len(text) > LONGEST_CARD:
            raise ValueError("too long")
        return card_of(json.loads(text))
    except (KeyError, TypeError, ValueError, RecursionError, AttributeError) as error:
        raise CardUnsound(_("This is no card: %(why)s") % {"why": str(error)[:200]}, findings=[]) from None


def check_card(card: Card, *, from_date: date, on: date) -> None:
    """Raises CardUnsound, CardTooSoon, CardKnown."""
    found = findings(card, known=NAMES)
    if found:
        told = [f"{one.fault} {one.where} {one.about}".strip() for one in found]
        raise CardUnsound(
            _("This card cannot be used: %(found)s") % {"found": "; ".join(told)}, findings=told
        )
    if from_date <= on or ScorecardVersion.objects.filter(from_date=from_date).exists():
        raise CardTooSoon
    newest = ScorecardVersion.objects.filter(name=card.name).order_by("-version").first()
    if newest is not None and card.version <= newest.version:
        raise CardKnown


def payload_of(card: Card, *, from_date: date, source: str) -> Payload:
    """Put a proposal into what is hashed and kept, with the back-test that the proposer sees."""
    return {
        "card": card_data(card),
        "from_date": from_date.isoformat(),
        "source": source,
        "backtest": try_card(card),
    }


def try_card(card: Card) -> dict[str, Any]:
    """Return what a card would have decided on the newest decisions there are."""
    rows = CreditScore.objects.order_by("-id").values_list("record", "outcome", "score")[:TRIED_ON]
    return backtest(card, rows)


def target_of(payload: Payload) -> str:
    return f"scorecard {payload['card']['name']}"


def _check(payload: Payload) -> None:
    check_card(card_of(payload["card"]), from_date=_day(payload), on=timezone.localdate())
    if not 1 <= len(payload["source"].strip()) <= LONGEST_SOURCE:
        raise CardUnsound(_("Say where the card comes from."), findings=["source"])


def _version(_payload: Payload) -> str:
    """A card that came meanwhile is another state of affairs."""
    newest = ScorecardVersion.objects.order_by("-made_at").values_list("pk", flat=True).first()
    return str(newest or "-")


def _describe(payload: Payload) -> Described:
    """Which card from when on, what is other than in the one before, and what it would have decided."""
    card = card_of(payload["card"])
    before = ScorecardVersion.objects.order_by("-from_date").first()
    said: list[tuple[str | Promise, str]] = [
        (_("Card"), f"{card.name} {card.version}"),
        (_("It holds from"), payload["from_date"]),
        (_("Cut-off"), f"{before.card['cut_off']} → {card.cut_off}" if before else str(card.cut_off)),
        (_("Hash"), card_hash(card)),
    ]
    if before is not None:
        said.append((_("Changed"), "; ".join(differences(before.card, payload["card"])) or _("Nothing")))
    said += in_words(payload["backtest"])
    return [*said, (_("Where it comes from"), payload["source"])]


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Name what of a card is new, gone or other, factor by factor and rule by rule."""
    told = []
    for part in ("characteristics", "rules"):
        was = {one["name"]: one for one in before[part]}
        now = {one["name"]: one for one in after[part]}
        told += [f"+ {name}" for name in now if name not in was]
        told += [f"− {name}" for name in was if name not in now]
        told += [f"≠ {name}" for name in now if name in was and now[name] != was[name]]
    return told


def in_words(tried: Mapping[str, int]) -> list[tuple[str | Promise, str]]:
    """Return a back-test as lines to read."""
    scored = tried["applications"] - tried["cannot_score"]
    if not scored:
        return [(_("Back-test"), _("There is no decision of the past that it could be tried on."))]
    return [
        (
            _("Tried on"),
            _("%(scored)d of %(all)d decisions") % {"scored": scored, "all": tried["applications"]},
        ),
        (_("Passed"), f"{tried['passed_before']} → {tried['passes']}"),
        (_("Would pass now, and did not"), str(tried["now_passes"])),
        (_("Would fail now, and passed"), str(tried["now_fails"])),
        (_("Declined by a hard rule"), str(tried["hits_a_rule"])),
        (_("Score on average"), f"{tried['points_before'] // scored} → {tried['points'] // scored}"),
    ]


def _apply(payload: Payload, approval: Approval, _at: datetime) -> None:
    card = card_of(payload["card"])
    try:
        with transaction.atomic():
            ScorecardVersion.objects.create(
                name=card.name,
                version=card.version,
                card=payload["card"],
                sha256=card_hash(card),
                backtest=try_card(card),
                from_date=_day(payload),
                source=payload["source"],
                approval=approval,
            )
    except IntegrityError:
        raise CardKnown from None


def _day(payload: Payload) -> date:
    return date.fromisoformat(payload["from_date"])


ACTION = ApprovalAction(
    code=CODE,
    label=gettext_lazy("Scorecard"),
    propose="credit.propose_scorecard",
    approve="credit.approve_scorecard",
    check=_check,
    target_version=_version,
    describe=_describe,
    apply=_apply,
)
