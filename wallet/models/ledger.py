from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from core.ids import nth


class Side(models.TextChoices):
    DEBIT = "DEBIT", _("Debit")
    CREDIT = "CREDIT", _("Credit")


class Currency(models.Model):
    """A currency accounts may hold: its ISO 4217 code and how many digits its minor unit has."""

    code = models.CharField(primary_key=True, max_length=3)
    minor_units = models.SmallIntegerField()
    name = models.TextField()

    class Meta:
        db_table = "wallet_currency"
        verbose_name = _("currency")
        verbose_name_plural = _("currencies")

    def __str__(self) -> str:
        return self.code


class AccountQuerySet(models.QuerySet["Account"]):
    def visible_to(self, user: Any) -> "AccountQuerySet":
        return self.filter(owner_id=user.pk)

    def wallets(self) -> "AccountQuerySet":
        return self.filter(kind=Account.Kind.WALLET)


class Account(models.Model):
    """One currency of one owner, or of the system. `balance` is positive on the normal side, in minor units.

    The columns from `owner_state` on are the ledger's own note of how the owner stands and what the wallet may move in
    the Lagos day that ends at `counted_until`; `LimitCounter` reads them as they stand now.
    """

    class Kind(models.TextChoices):
        WALLET = "WALLET", _("Wallet")
        HELD = "HELD", _("Waiting for an upgrade")
        SAVINGS = "SAVINGS", _("Savings")
        SUSPENSE = "SUSPENSE", _("Suspense")
        CLEARING = "CLEARING", _("Gateway clearing")
        FEE_EXPENSE = "FEE_EXPENSE", _("Fees we pay")
        BONUS_EXPENSE = "BONUS_EXPENSE", _("Bonuses we pay")
        CHARGEBACK_EXPENSE = "CHARGEBACK_EXPENSE", _("Chargebacks we bear")
        ROUNDING = "ROUNDING", _("Parts of a kobo")
        FEE_INCOME = "FEE_INCOME", _("Fees we earn")
        VAT_PAYABLE = "VAT_PAYABLE", _("VAT we owe")
        STAMP_DUTY_PAYABLE = "STAMP_DUTY_PAYABLE", _("Stamp duty we owe")
        LEVY_PAYABLE = "LEVY_PAYABLE", _("Levies we owe")
        INTEREST_EXPENSE = "INTEREST_EXPENSE", _("Interest we pay")
        WITHHOLDING_TAX_PAYABLE = "WITHHOLDING_TAX_PAYABLE", _("Tax withheld that we owe")
        PENALTY_INCOME = "PENALTY_INCOME", _("Penalties we earn")
        MERCHANT = "MERCHANT", _("Merchant")
        LENDER = "LENDER", _("Lender")
        SELLER = "SELLER", _("Seller")
        ESCROW = "ESCROW", _("Held for orders")
        LOAN_SUSPENSE = "LOAN_SUSPENSE", _("Paid too much on loans")
        EQUITY = "EQUITY", _("Equity")

    class State(models.TextChoices):
        ACTIVE = "ACTIVE", _("Active")
        NO_DEBIT = "NO_DEBIT", _("Nothing goes out")
        NO_CREDIT = "NO_CREDIT", _("Nothing comes in")
        FROZEN = "FROZEN", _("Frozen")
        CLOSED = "CLOSED", _("Closed")

    class OwnerState(models.TextChoices):
        ACTIVE = "ACTIVE", _("Active")
        NO_DEBIT = "NO_DEBIT", _("Nothing goes out")
        NO_CREDIT = "NO_CREDIT", _("Nothing comes in")
        FROZEN = "FROZEN", _("Frozen")
        LOCKED = "LOCKED", _("Locked")
        CLOSED = "CLOSED", _("Closed")

    id = models.UUIDField(primary_key=True, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    currency = models.ForeignKey(Currency, on_delete=models.PROTECT)
    balance = models.BigIntegerField(default=0)
    held = models.BigIntegerField(default=0)
    version = models.BigIntegerField(default=0)
    floor = models.BigIntegerField(null=True)
    cap = models.BigIntegerField(null=True)
    hot = models.BooleanField(default=False)
    normal_side = models.TextField(choices=Side.choices)
    state = models.TextField(choices=State.choices, default=State.ACTIVE)
    kind = models.TextField(choices=Kind.choices)
    code = models.TextField(default="")
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    owner_state = models.TextField(choices=OwnerState.choices, default=OwnerState.ACTIVE)
    sent = models.BigIntegerField(null=True)
    received = models.BigIntegerField(null=True)
    counted_until = models.DateTimeField(null=True)
    daily_sending = models.BigIntegerField(null=True)
    daily_receiving = models.BigIntegerField(null=True)
    single_amount = models.BigIntegerField(null=True)

    objects = AccountQuerySet.as_manager()

    class Meta:
        db_table = "wallet_account"
        verbose_name = _("account")
        verbose_name_plural = _("accounts")

    def __str__(self) -> str:
        return self.code or f"{self.get_kind_display()} {self.id}"

    @property
    def available(self) -> int:
        return self.balance - self.held


class TransactionQuerySet(models.QuerySet["Transaction"]):
    def for_parties(self) -> "TransactionQuerySet":
        """Without what only one side may know: its balance and version, which `Entry` shows to it."""
        return self.defer("debit_version", "debit_balance", "credit_version", "credit_balance", "digest")

    def of_posting(self, posting_id: UUID) -> "TransactionQuerySet":
        """The transactions of one posting, in order: their ids follow the posting's own."""
        return self.filter(id__gte=posting_id, id__lte=nth(posting_id, 255)).order_by("id")


class Transaction(models.Model):
    """One amount (minor units) from a debit account to a credit account. Never changed, never deleted.

    Each side carries its account's version and balance after it, null where the account is hot. `effective_at` is when
    it happened, `recorded_at` when we knew. Ids follow their posting's; an account's own order is the version.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    posting_id = models.UUIDField()
    debit_account = models.ForeignKey(Account, models.PROTECT, related_name="+", db_constraint=False)
    credit_account = models.ForeignKey(Account, models.PROTECT, related_name="+", db_constraint=False)
    amount = models.BigIntegerField()
    debit_version = models.BigIntegerField(null=True)
    debit_balance = models.BigIntegerField(null=True)
    credit_version = models.BigIntegerField(null=True)
    credit_balance = models.BigIntegerField(null=True)
    effective_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    hold_id = models.UUIDField(null=True)
    reverses = models.UUIDField(null=True)
    actor_id = models.UUIDField(null=True)
    currency = models.CharField(max_length=3)
    digest = models.BinaryField()
    kind = models.TextField()
    description = models.TextField(default="")

    objects = TransactionQuerySet.as_manager()

    class Meta:
        db_table = "wallet_transaction"
        verbose_name = _("transaction")
        verbose_name_plural = _("transactions")
        permissions = [
            ("propose_adjustment", _("Can propose adjustments")),
            ("approve_adjustment", _("Can approve adjustments")),
            ("reverse_posting", _("Can reverse small postings and propose reversals")),
            ("approve_reversal", _("Can approve reversals")),
        ]

    def __str__(self) -> str:
        return str(self.id)


class EntryQuerySet(models.QuerySet["Entry"]):
    def of(self, account: Account) -> "EntryQuerySet":
        """An account's history, newest first: by version, which is the order in which its balance changed."""
        return self.filter(account_id=account.pk, version__isnull=False).order_by("-version")

    def visible_to(self, user: Any) -> "EntryQuerySet":
        return self.filter(account__owner_id=user.pk)

    def of_posting(self, posting_id: UUID) -> "EntryQuerySet":
        return self.filter(transaction_id__gte=posting_id, transaction_id__lte=nth(posting_id, 255))

    def before(self, version: int) -> "EntryQuerySet":
        return self.filter(version__lt=version)

    def after(self, version: int) -> "EntryQuerySet":
        return self.filter(version__gt=version)

    def between(self, since: datetime, until: datetime) -> "EntryQuerySet":
        return self.filter(recorded_at__gte=since, recorded_at__lt=until)


class Entry(models.Model):
    """A transaction seen from one of its accounts; `change` is signed in that account's normal direction."""

    transaction = models.OneToOneField(
        Transaction, models.DO_NOTHING, primary_key=True, related_name="+", db_constraint=False
    )
    posting_id = models.UUIDField()
    account = models.ForeignKey(Account, models.DO_NOTHING, related_name="+", db_constraint=False)
    side = models.TextField(choices=Side.choices)
    amount = models.BigIntegerField()
    change = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    version = models.BigIntegerField(null=True)
    balance = models.BigIntegerField(null=True)
    counterparty = models.ForeignKey(Account, models.DO_NOTHING, related_name="+", db_constraint=False)
    kind = models.TextField()
    description = models.TextField()
    effective_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    hold_id = models.UUIDField(null=True)
    reverses = models.UUIDField(null=True)
    actor_id = models.UUIDField(null=True)

    objects = EntryQuerySet.as_manager()

    class Meta:
        managed = False
        db_table = "wallet_entry"
        verbose_name = _("entry")
        verbose_name_plural = _("entries")

    def __str__(self) -> str:
        return f"{self.side} {self.transaction_id}"


class HoldQuerySet(models.QuerySet["Hold"]):
    def visible_to(self, user: Any) -> "HoldQuerySet":
        return self.filter(account__owner_id=user.pk)

    def open(self) -> "HoldQuerySet":
        return self.filter(state=Hold.State.OPEN)


class Hold(models.Model):
    """An amount (minor units) set aside on an account: committed in parts, released, or expired.

    `counted` is how much of it counts towards what may be sent in a day: fees do not.
    """

    class State(models.TextChoices):
        OPEN = "OPEN", _("Open")
        COMMITTED = "COMMITTED", _("Committed")
        RELEASED = "RELEASED", _("Released")
        EXPIRED = "EXPIRED", _("Expired")

    id = models.UUIDField(primary_key=True, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="holds")
    amount = models.BigIntegerField()
    committed = models.BigIntegerField(default=0)
    counted = models.BigIntegerField()
    counted_committed = models.BigIntegerField(default=0)
    state = models.TextField(choices=State.choices, default=State.OPEN)
    reason = models.TextField(default="")
    expires_at = models.DateTimeField(null=True)
    actor_id = models.UUIDField(null=True)
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    objects = HoldQuerySet.as_manager()

    class Meta:
        db_table = "wallet_hold"
        verbose_name = _("hold")
        verbose_name_plural = _("holds")

    def __str__(self) -> str:
        return str(self.id)

    @property
    def rest(self) -> int:
        return self.amount - self.committed


class Reversal(models.Model):
    """That a posting was reversed, and by which; once."""

    posting_id = models.UUIDField(primary_key=True)
    reversed_by = models.UUIDField(unique=True)
    actor_id = models.UUIDField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "wallet_reversal"

    def __str__(self) -> str:
        return str(self.posting_id)


class PartReversal(models.Model):
    """That a part of one transaction was taken back, by which posting; `before` is what was taken back until then."""

    posting_id = models.UUIDField(primary_key=True)
    transaction_id = models.UUIDField()
    before = models.BigIntegerField()
    amount = models.BigIntegerField()
    whole = models.BigIntegerField()
    actor_id = models.UUIDField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "wallet_partreversal"

    def __str__(self) -> str:
        return str(self.posting_id)


class Checkpoint(models.Model):
    """A hot account's balance over all transactions before a horizon: what the fold found."""

    id = models.BigAutoField(primary_key=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    balance = models.BigIntegerField()
    entries = models.BigIntegerField()
    made_at = models.DateTimeField()

    class Meta:
        db_table = "wallet_checkpoint"

    def __str__(self) -> str:
        return str(self.id)


class Seal(models.Model):
    """One link of the hash chain over all transactions of a window."""

    number = models.BigIntegerField(primary_key=True)
    rows = models.BigIntegerField()
    previous = models.BinaryField()
    head = models.BinaryField()
    sealed_at = models.DateTimeField()

    class Meta:
        db_table = "wallet_seal"

    def __str__(self) -> str:
        return str(self.number)
