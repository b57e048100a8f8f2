"""Answering a request: paying it whole by one transfer, declining it, and not being asked by somebody again."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts import audit
from accounts import services as accounts
from accounts.models import Profile, User
from core.actors import acting_as_service
from wallet.fees import FeeQuote
from wallet.models import Account, PaymentRequest, RequestBlock
from wallet.refusals import NotYourAccount
from wallet.services.posting import Posting
from wallet.services.requests.asking import (
    RequestNotFound,
    RequestOver,
    State,
    end,
    locked,
    name_of,
    tell,
)
from wallet.services.transfers import TransferQuote, quote_transfer, transfer

LONGEST_WORDS = 140


def quote_request(*, request: PaymentRequest, source: Account, at: datetime) -> TransferQuote:
    """Return what paying would do. Raises RequestOver, RecipientNotFound, and as `quote_transfer`."""
    if not request.is_open or request.expires_at <= at:
        raise RequestOver
    with acting_as_service():
        handle = Profile.objects.filter(pk=request.asker_id).values_list("handle", flat=True).first()
    if not handle:
        raise accounts.RecipientNotFound
    return quote_transfer(source=source, recipient_text=f"@{handle}", amount=request.amount, at=at)


@transaction.atomic
def pay_request(
    *,
    request: PaymentRequest,
    payer: User,
    source: Account,
    posting_id: UUID,
    at: datetime,
    charges: FeeQuote | None = None,
) -> Posting:
    """Pay a request by a transfer, and say so of it, both or neither; once per posting id.

    `charges` are the transfer's as they were shown, or else those of this moment.

    Raises RequestNotFound, RequestOver, and whatever `transfer` raises.
    """
    if source.owner_id != payer.pk:
        raise NotYourAccount(account=str(source.pk))
    with acting_as_service():
        rows = PaymentRequest.objects.select_for_update(no_key=True).of_payer(payer)
        found = rows.filter(pk=request.pk).first()
        if found is None:
            raise RequestNotFound
        if found.posting_id != posting_id and (not found.is_open or found.expires_at <= at):
            raise RequestOver
    posting = transfer(
        posting_id=posting_id,
        source=source,
        recipient_id=found.asker_id,
        amount=found.amount,
        note=found.note,
        at=at,
        charges=charges,
    )
    if found.is_open:
        with acting_as_service():
            end(found, State.PAID, at=at, posting_id=posting_id)
            tell(found.asker_id, found, "request.paid", name=name_of(payer.pk))
    return posting


def decline(*, request: PaymentRequest, by: User, at: datetime, words: str = "") -> PaymentRequest:
    """Say no, with words or without. Raises RequestNotFound, RequestOver."""
    words = " ".join(words.split())[:LONGEST_WORDS]
    with acting_as_service():
        request = locked(request, at=at, payer=by)
        end(request, State.DECLINED, at=at, words=words)
        tell(request.asker_id, request, "request.declined", name=name_of(by.pk), words=words)
    return request


def block_asker(*, request: PaymentRequest, by: User, at: datetime) -> None:
    """Hear nothing more of this person's requests; those that are open are declined. They are not told why.

    Raises RequestNotFound.
    """
    with acting_as_service():
        if not PaymentRequest.objects.of_payer(by).filter(pk=request.pk).exists():
            raise RequestNotFound
        mine = PaymentRequest.objects.of_payer(by).filter(asker=request.asker_id)
        for each in mine.open(at).select_for_update(no_key=True).order_by("pk"):
            end(each, State.DECLINED, at=at)
            tell(each.asker_id, each, "request.declined", name=name_of(by.pk), words="")
        block, is_new = RequestBlock.objects.get_or_create(
            owner=by, blocked_id=request.asker_id, defaults={"created_at": at}
        )
        if is_new:
            audit.record(action="wallet.request.blocked", target=block, actor_id=by.pk)


def unblock(*, block: RequestBlock, by: User) -> None:
    """Let somebody ask again. Raises RequestNotFound."""
    with acting_as_service():
        found = RequestBlock.objects.filter(pk=block.pk, owner=by).first()
        if found is None:
            raise RequestNotFound
        audit.record(action="wallet.request.unblocked", target=found, actor_id=by.pk)
        found.delete()
