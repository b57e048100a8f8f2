import core.ids
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


from core.rls import ServiceOnly
from core.sql import read
from wallet import sql

APPEND_ONLY = """
create trigger append_only before update or delete or truncate on wallet_adjustment
    for each statement execute function core.append_only();
create trigger no_delete before delete or truncate on wallet_closedperiod
    for each statement execute function core.append_only();
"""
# What a month was closed with stays; only that it was opened again is written later.
REOPENED = "reopen_asked_by_id, reopen_reason, reopened_by_id, reopened_at"
BACK = """
drop function wallet.follow_suspense(integer);
drop function wallet.trial_balance(timestamptz, timestamptz);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("wallet", "0034_reconciliation"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Adjustment",
            fields=[
                ("posting_id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ("month", models.DateField()),
                ("adjusts", models.UUIDField(null=True)),
                ("reason", models.CharField(max_length=500)),
                ("actor_id", models.UUIDField(null=True)),
                ("made_at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "adjustment",
                "verbose_name_plural": "adjustments",
                "indexes": [
                    models.Index(fields=["month"], name="adjustment_by_month"),
                    models.Index(
                        condition=models.Q(("adjusts__isnull", False)),
                        fields=["adjusts"],
                        name="adjustment_of",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("month__day", 1)), name="adjustment_of_a_month"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("adjusts", None),
                            models.Q(("adjusts", models.F("posting_id")), _negated=True),
                            _connector="OR",
                        ),
                        name="adjustment_of_another",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ClosedPeriod",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=core.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("month", models.DateField()),
                ("figures", models.JSONField()),
                ("digest", models.CharField(max_length=64)),
                ("closed_at", models.DateTimeField()),
                ("reason", models.CharField(max_length=500)),
                ("reopen_reason", models.CharField(blank=True, max_length=500)),
                ("reopened_at", models.DateTimeField(null=True)),
                (
                    "closed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "reopen_asked_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "reopened_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "closed month",
                "verbose_name_plural": "closed months",
                "permissions": [
                    ("close_period", "Can close a month"),
                    ("reopen_period", "Can approve that a closed month is opened again"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("reopened_at", None)),
                        fields=("month",),
                        name="closed_period_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("month__day", 1)), name="closed_period_is_a_month"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("reopened_by", None),
                            models.Q(("reopened_by", models.F("reopen_asked_by")), _negated=True),
                            _connector="OR",
                        ),
                        name="closed_period_two_people",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("reopened_at", None),
                            models.Q(
                                ("reopen_asked_by__isnull", False),
                                ("reopened_by__isnull", False),
                                models.Q(("reopen_reason", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="closed_period_reopened",
                    ),
                ],
            },
        ),
        ServiceOnly("wallet_closedperiod", service=f"SELECT, INSERT, UPDATE ({REOPENED})"),
        ServiceOnly("wallet_adjustment", service="SELECT, INSERT"),
        migrations.RunSQL(APPEND_ONLY, migrations.RunSQL.noop),
        migrations.RunSQL(read(sql.__file__, "periods", "suspense", "post", "bulk"), BACK),
    ]
