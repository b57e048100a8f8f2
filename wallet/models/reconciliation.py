"""What gateways and banks say of our money with them, and how it fits what the books say.

A **row** is one movement of our balance with a company, as its own ledger tells it. The books' side of it is a
**posting** on the clearing account that stands for that balance. Rows and postings of one `key` are one group: they
belong together, and fit when their sums agree. A group that does not fit is a **difference** (`Break`).

A row whose reference names a posting has that posting's id as its key from the start: such a match is a fact, found
anew by every run, and no row is written for it. What was decided, by score or by a person, is a `Match`.
"""

from datetime import date
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core.ids import uuid7
from wallet.models.deposits import PaymentGateway
from wallet.models.ledger import Account


def _person(**options: Any) -> Any:
    return models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", **options)


class MatchingRuleQuerySet(models.QuerySet["MatchingRule"]):
    def in_force(self, *, on: date) -> "MatchingRule":
        return self.filter(from_date__lte=on).latest("from_date")


class MatchingRule(models.Model):
    """What makes two things one, from a date on: points for an equal amount, for nearness in time, for like words.

    A pair of `auto_score` points or more, better than any other of either, is matched by itself; one of `suggest_score`
    is shown to staff. `grace_minutes` is how far the two clocks may stand apart at a day's end, `fee_permille` how much
    of an amount a difference may be to be taken for a fee, `lookback_days` how far back closed days are read again.
    """

    from_date = models.DateField(unique=True)
    amount_points = models.PositiveSmallIntegerField(default=60)
    time_points = models.PositiveSmallIntegerField(default=30)
    text_points = models.PositiveSmallIntegerField(default=10)
    auto_score = models.PositiveSmallIntegerField(default=80)
    suggest_score = models.PositiveSmallIntegerField(default=60)
    days = models.PositiveSmallIntegerField(default=3)
    grace_minutes = models.PositiveSmallIntegerField(default=15)
    fee_permille = models.PositiveSmallIntegerField(default=50)
    lookback_days = models.PositiveSmallIntegerField(default=7)
    source = models.CharField(max_length=500)

    objects = MatchingRuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("matching rule")
        verbose_name_plural = _("matching rules")
        constraints = [
            models.CheckConstraint(
                condition=Q(auto_score__gte=F("suggest_score"), days__range=(1, 30), suggest_score__gte=1),
                name="matching_rule_sane",
            )
        ]

    def __str__(self) -> str:
        return str(self.from_date)


class ColumnMapping(models.Model):
    """How the files of one company are read: which column is what, and how its dates and amounts are written."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", db_index=False)
    name = models.CharField(max_length=60)
    columns = models.JSONField()
    date_format = models.CharField(max_length=30)
    zone = models.CharField(max_length=40, default="Africa/Lagos")
    in_kobo = models.BooleanField(default=False)
    decimal_comma = models.BooleanField(default=False)
    made_by = _person(null=True)
    made_at = models.DateTimeField()

    class Meta:
        verbose_name = _("column mapping")
        verbose_name_plural = _("column mappings")
        constraints = [models.UniqueConstraint(fields=["account", "name"], name="column_mapping_once")]

    def __str__(self) -> str:
        return self.name


class RowImport(models.Model):
    """One taking-in of rows: what a gateway was asked for, or a file. `since` and `until` are Lagos days, until is out.

    A file waits as a draft with its content until somebody has seen what it says; then the content goes.
    """

    class Kind(models.TextChoices):
        API = "API", _("Asked of the gateway")
        FILE = "FILE", _("From a file")

    class State(models.TextChoices):
        DRAFT = "DRAFT", _("To be confirmed")
        RUNNING = "RUNNING", _("Running")
        DONE = "DONE", _("Done")
        FAILED = "FAILED", _("Failed")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", db_index=False)
    gateway = models.ForeignKey(
        PaymentGateway, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    kind = models.CharField(max_length=4, choices=Kind.choices)
    state = models.CharField(max_length=8, choices=State.choices)
    since = models.DateField(null=True)
    until = models.DateField(null=True)
    name = models.CharField(max_length=200, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    mapping = models.ForeignKey(ColumnMapping, on_delete=models.PROTECT, related_name="+", null=True)
    content = models.BinaryField(null=True)
    new_rows = models.PositiveIntegerField(default=0)
    known_rows = models.PositiveIntegerField(default=0)
    # Rows that were there already and say something else now: the first few of them, as they came.
    differing = models.JSONField(default=list)
    error = models.CharField(max_length=300, blank=True)
    made_by = _person(null=True)
    made_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        permissions = [("import_rows", "Can take in what gateways and banks say")]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "sha256"],
                condition=~Q(sha256="") & Q(state__in=["RUNNING", "DONE"]),
                name="row_import_file_once",
            ),
            models.CheckConstraint(
                condition=Q(since__isnull=True) | Q(until__gt=F("since")), name="row_import_days"
            ),
        ]
        indexes = [
            models.Index(fields=["account", "-until"], name="row_import_of_account"),
            models.Index(fields=["gateway"], name="row_import_of_gateway"),
        ]

    def __str__(self) -> str:
        return self.name or str(self.id)


class GatewayRow(models.Model):
    """One movement of our balance as the other side tells it: `change` (minor units) signed, `balance` after it.

    `day` is the Lagos day it counts in: of `at`, or the first open one when it came after its own was closed. `key` is
    the posting it belongs to, its own id while none is known; `nth` numbers the rows of one key.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+", db_index=False)
    # Nothing is looked up by it, and imports are never deleted: a key would only cost.
    row_import = models.ForeignKey(
        RowImport, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    gateway_id = models.CharField(max_length=120)
    source = models.CharField(max_length=10, default="OTHER")
    source_id = models.CharField(max_length=120, blank=True)
    reference = models.CharField(max_length=120, blank=True)
    change = models.BigIntegerField()
    balance = models.BigIntegerField(null=True)
    currency = models.CharField(max_length=3)
    description = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField()
    day = models.DateField()
    key = models.UUIDField()
    nth = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("gateway row")
        verbose_name_plural = _("gateway rows")
        constraints = [
            models.UniqueConstraint(fields=["gateway_id", "account"], name="gateway_row_once"),
            models.UniqueConstraint(
                fields=["key", "account"], condition=Q(nth=0), name="gateway_row_first_once"
            ),
        ]
        indexes = [
            models.Index(fields=["account", "day"], name="gateway_row_of_day"),
            models.Index(fields=["key"], condition=Q(nth__gt=0), name="gateway_row_further"),
            models.Index(
                fields=["account", "reference"], condition=~Q(reference=""), name="gateway_row_reference"
            ),
        ]

    def __str__(self) -> str:
        return self.reference or self.gateway_id

    @property
    def is_placed(self) -> bool:
        """Whether it is known which posting it belongs to."""
        return self.key != self.pk


class Match(models.Model):
    """That a row and a posting belong together, by whom and why; until somebody took them apart again.

    Several rows of one posting, or several postings of one row, are as many matches of one `key`. `change` is what the
    posting moved on the account.
    """

    class Method(models.TextChoices):
        REFERENCE = "REFERENCE", _("By its reference")
        SCORED = "SCORED", _("By amount and time")
        MANUAL = "MANUAL", _("By hand")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    row = models.ForeignKey(GatewayRow, on_delete=models.PROTECT, related_name="matches")
    posting_id = models.UUIDField()
    key = models.UUIDField()
    change = models.BigIntegerField()
    posted_at = models.DateTimeField()
    method = models.CharField(max_length=9, choices=Method.choices)
    score = models.PositiveSmallIntegerField(null=True)
    parts = models.JSONField(default=dict)
    reason = models.CharField(max_length=500, blank=True)
    made_by = _person(null=True)
    made_at = models.DateTimeField()
    undone_by = _person(null=True)
    undone_at = models.DateTimeField(null=True)
    undone_reason = models.CharField(max_length=500, blank=True)

    class Meta:
        verbose_name = _("match")
        verbose_name_plural = _("matches")
        constraints = [
            models.UniqueConstraint(
                fields=["row", "posting_id"], condition=Q(undone_at=None), name="match_once"
            ),
            # A posting that counts with another's group counts there only.
            models.UniqueConstraint(
                fields=["posting_id", "account"],
                condition=Q(undone_at=None) & ~Q(posting_id=F("key")),
                name="match_posting_moved_once",
            ),
            models.CheckConstraint(
                condition=~Q(method="MANUAL") | (Q(made_by__isnull=False) & ~Q(reason="")),
                name="match_by_hand_says_why",
            ),
            models.CheckConstraint(
                condition=Q(undone_at=None) | (Q(undone_by__isnull=False) & ~Q(undone_reason="")),
                name="match_undone_says_why",
            ),
        ]
        indexes = [models.Index(fields=["posting_id"], name="match_of_posting")]

    def __str__(self) -> str:
        return f"{self.method} {self.posting_id}"
