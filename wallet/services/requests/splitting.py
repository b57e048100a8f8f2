"""Splitting a bill: each owes a share, and is asked for it. To the kobo, all shares are the bill."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts import services as accounts
from accounts.models import User
from core import money
from core.actors import acting_as_service
from core.errors import DomainError
from wallet.models import SplitBill
from wallet.services.accounts import NGN
from wallet.services.requests.asking import LARGEST, LIFE, Ask, RequestOneself, ask_all
from wallet.services.transfers import LONGEST_NOTE, NoteTooLong

MOST_PEOPLE = 20


class SplitRefused(DomainError):
    code = "split_refused"
    message = _("Name 1 to 20 different people, and shares that come to no more than the bill.")


def split_bill(
    *,
    owner: User,
    title: str,
    total: int,
    people: Sequence[str],
    at: datetime,
    shares: Sequence[int] | None = None,
    with_owner: bool = True,
    split_id: UUID | None = None,
) -> SplitBill:
    """Ask each of `people` for a share of `total` (minor units): an equal one, or their own of `shares`.

    Equal shares differ by a kobo at most; the owner has the first where `with_owner`, and what the given shares leave
    of the bill. A repeat under the same id returns the first. Raises SplitRefused, and as `asking.ask`.
    """
    with acting_as_service():
        found = SplitBill.objects.filter(pk=split_id, owner=owner).first() if split_id else None
    if found is not None:
        return found
    if len(title) > LONGEST_NOTE:
        raise NoteTooLong
    own, parts = shares_of(total=total, people=len(people), shares=shares, with_owner=with_owner)
    asks = [Ask(_find(text), part) for text, part in zip(people, parts, strict=True)]
    if len({each.person.user_id for each in asks}) != len(asks):
        raise SplitRefused
    if any(each.person.user_id == owner.pk for each in asks):
        raise RequestOneself
    with acting_as_service():
        split = SplitBill(
            owner=owner, title=title, total=total, own_share=own, currency_id=NGN, created_at=at
        )
        if split_id:
            split.pk = split_id
        split.save(force_insert=True)
        audit.record(action="wallet.bill.split", target=split, total=total, people=len(asks))
        ask_all(asker=owner, asks=asks, note=title, at=at, expires_at=at + LIFE, split=split)
    return split


def shares_of(
    *, total: int, people: int, shares: Sequence[int] | None, with_owner: bool
) -> tuple[int, list[int]]:
    """Return the owner's own share and everybody else's, which sum to `total` exactly. Raises SplitRefused."""
    if not 1 <= people <= MOST_PEOPLE or not 0 < total <= LARGEST:
        raise SplitRefused
    if shares is None:
        parts = money.split(total, [1] * (people + with_owner))
        own, others = (parts[0], parts[1:]) if with_owner else (0, parts)
    else:
        own, others = total - sum(shares), list(shares)
    if len(others) != people or min(others) <= 0 or own < 0:
        raise SplitRefused
    return own, others


def _find(text: str) -> accounts.Recipient:
    try:
        return accounts.find_recipient(text=text)
    except accounts.RecipientNotFound as refusal:
        words = _("We found nobody called %(text)s.") % {"text": text.strip()[:80]}
        raise accounts.RecipientNotFound(words) from refusal
