"""What the ledger says no to. The SQL functions refuse by name (SQLSTATE ALJ01); here each name is an error."""

import json

import psycopg
from django.utils.translation import gettext_lazy as _

from core.errors import DomainError

SQLSTATE = "ALJ01"


class LedgerRefusal(DomainError):
    """The books refused; nothing was written."""

    code = "ledger_refused"
    message = _("The ledger refused this.")


class MovementsInArchive(LedgerRefusal):
    """Entries that are asked for lie in a month of the archive and were not fetched (`services.archives.recall`)."""

    code = "movements_in_archive"
    kind = "conflict"
    message = _(
        "These movements lie in the archive. They are fetched when you ask for them, in a few minutes."
    )


class ArchiveNotSealed(LedgerRefusal):
    code = "archive_not_sealed"
    kind = "conflict"
    message = _("The books of this month are not sealed yet.")


class ArchiveNotFolded(LedgerRefusal):
    code = "archive_not_folded"
    kind = "conflict"
    message = _("Balances of this month are not summed up yet.")


class ArchiveStillNeeded(LedgerRefusal):
    code = "archive_still_needed"
    kind = "conflict"
    message = _("Something that is still open refers to a movement of this month.")


class InsufficientFunds(LedgerRefusal):
    code = "insufficient_funds"
    message = _("There is not enough money available.")
    public = ("available", "fees")


class BalanceCapExceeded(LedgerRefusal):
    code = "balance_cap_exceeded"
    message = _("The receiving account cannot hold this much.")


class AmountNotPositive(LedgerRefusal):
    code = "amount_not_positive"
    message = _("An amount must be more than zero.")


class AmountTooLarge(LedgerRefusal):
    code = "amount_too_large"
    message = _("This amount is too large.")


class SameAccount(LedgerRefusal):
    code = "same_account"
    message = _("Money cannot be moved to where it already is.")


class CurrencyMismatch(LedgerRefusal):
    code = "currency_mismatch"
    message = _("Both accounts must hold the same currency.")


class AccountNotFound(LedgerRefusal):
    code = "account_not_found"
    kind = "not_found"
    message = _("There is no such account.")


class NotYourAccount(LedgerRefusal):
    code = "not_your_account"
    kind = "forbidden"
    message = _("This account is not yours.")


class AccountHeld(LedgerRefusal):
    code = "account_held"
    kind = "forbidden"
    message = _(
        "This money is kept for you until your tier is raised. It moves to your wallet by itself then."
    )


class AccountSaves(LedgerRefusal):
    code = "account_saves"
    kind = "forbidden"
    message = _("This money is saved under a plan. Save more, or take it out, at the saving itself.")


class LimitExceeded(LedgerRefusal):
    """A limit of the sender's tier; `data` says which account, how much it allows, and when it starts anew."""

    public = ("limit", "used", "available", "amount", "tier", "resets_at")


class DailySendingLimitExceeded(LimitExceeded):
    code = "daily_sending_limit_exceeded"
    message = _("This is more than you can still send today.")


class SingleAmountExceeded(LimitExceeded):
    code = "single_amount_exceeded"
    message = _("This is more than your tier lets you send at once.")


class DailyReceivingLimitExceeded(LedgerRefusal):
    """Of the account that receives; whoever sends is not told its figures."""

    code = "daily_receiving_limit_exceeded"
    message = _("The receiving account cannot take this much today.")


class CustomerLocked(LedgerRefusal):
    code = "customer_locked"
    kind = "forbidden"
    message = _("Your money is locked. Your security page says why and what to do.")


class CustomerNoDebit(LedgerRefusal):
    code = "customer_no_debit"
    kind = "forbidden"
    message = _(
        "Nothing can be sent from your account at the moment. Your verification page says what is needed."
    )


class CustomerFrozen(LedgerRefusal):
    code = "customer_frozen"
    kind = "forbidden"
    message = _("Your account is frozen: nothing moves in or out. Write to our support to have it looked at.")


class CustomerClosed(LedgerRefusal):
    code = "customer_closed"
    kind = "forbidden"
    message = _("You closed your account, so nothing moves in or out of it any more.")


class CustomerNoCredit(LedgerRefusal):
    """Of who would receive; the sender is not told why."""

    code = "customer_no_credit"
    kind = "conflict"
    message = _(
        "This person cannot receive money at the moment. Nothing was sent; ask them before you try again."
    )


class AccountClosed(LedgerRefusal):
    code = "account_closed"
    kind = "conflict"
    message = _("The account is closed.")


class AccountFrozen(LedgerRefusal):
    code = "account_frozen"
    kind = "conflict"
    message = _("The account is frozen.")


class AccountNoDebit(LedgerRefusal):
    code = "account_no_debit"
    kind = "conflict"
    message = _("Nothing may leave this account at the moment.")


class AccountNoCredit(LedgerRefusal):
    code = "account_no_credit"
    kind = "conflict"
    message = _("Nothing may enter this account at the moment.")


class AccountNotEmpty(LedgerRefusal):
    code = "account_not_empty"
    kind = "conflict"
    message = _("The account still holds money.")


class PostingIdReused(LedgerRefusal):
    """The same posting id with other content; `data["field"]` names the first that differs."""

    code = "posting_id_reused"
    kind = "conflict"
    message = _("This was already done with other content.")
    public = ("field",)


class PostingIdOutOfRange(LedgerRefusal):
    code = "posting_id_out_of_range"
    message = _("This request is too old. Please start again.")


class PostingNotFound(LedgerRefusal):
    code = "posting_not_found"
    kind = "not_found"
    message = _("There is no such posting.")


class AlreadyReversed(LedgerRefusal):
    code = "already_reversed"
    kind = "conflict"
    message = _("This was already reversed.")


class ReversalExceeded(LedgerRefusal):
    """`data["left"]` is what of the transaction was not taken back yet."""

    code = "reversal_exceeded"
    message = _("This is more than is left to take back.")
    public = ("left",)


class HoldNotFound(LedgerRefusal):
    code = "hold_not_found"
    kind = "not_found"
    message = _("There is no such hold.")


class HoldNotOpen(LedgerRefusal):
    code = "hold_not_open"
    kind = "conflict"
    message = _("The hold is no longer open.")
    public = ("state",)


class HoldExceeded(LedgerRefusal):
    code = "hold_exceeded"
    message = _("This is more than was set aside.")


class HoldIdReused(LedgerRefusal):
    code = "hold_id_reused"
    kind = "conflict"
    message = _("This hold was already placed with other content.")


class EffectiveInFuture(LedgerRefusal):
    code = "effective_in_future"
    message = _("Nothing is recorded before it happens.")


class PeriodClosed(LedgerRefusal):
    """What is found out of a closed month is posted as of now, with a link (`services.periods`)."""

    code = "period_closed"
    kind = "conflict"
    message = _("This month is closed. Post it as of today, as an adjustment of that month.")
    public = ("month",)


class PostingIdRepeated(LedgerRefusal):
    code = "posting_id_repeated"
    message = _("The same posting id stands twice in one batch.")


class AccountHot(LedgerRefusal):
    code = "account_hot"
    message = _("This account keeps no balance of its own, so nothing can be set aside on it.")


class ExpiryInPast(LedgerRefusal):
    code = "expiry_in_past"
    message = _("A hold must end after it begins.")


class AccountDiffers(LedgerRefusal):
    code = "account_differs"
    kind = "conflict"
    message = _("An account of this code exists and is of another kind.")


class RecipientCannotReceive(LedgerRefusal):
    code = "recipient_not_found"
    kind = "not_found"
    message = _("There is nobody to receive this.")


class NothingToPost(LedgerRefusal):
    code = "nothing_to_post"
    message = _("There is nothing to post.")


BY_CODE: dict[str, type[LedgerRefusal]] = {
    cls.code: cls for cls in (*LedgerRefusal.__subclasses__(), *LimitExceeded.__subclasses__())
}


def refusal_of(error: psycopg.Error) -> LedgerRefusal | None:
    """Return the refusal that an error of the ledger's SQL stands for, None when it is something else."""
    if error.sqlstate != SQLSTATE:
        return None
    refusal = BY_CODE.get(error.diag.message_primary or "")
    return refusal(**json.loads(error.diag.message_detail or "{}")) if refusal else None
