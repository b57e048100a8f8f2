import core.ids
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from core.rls import Policy, Protect, ServiceOnly
from core.sql import read
from wallet import sql

OWN = "owner_id = (select auth.uid())"
# What a transfer was asked for as stays as it is; only what became of it is written later.
CHANGES = "state, ended_at, offered_at, posting_id, code, facts, created_at"
BACK = """
drop trigger note_raise on accounts_customer;
drop function wallet.note_raise();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("wallet", "0008_cooling_off"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="LimitRaise",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("raised_at", models.DateTimeField()),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PausedTransfer",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=core.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("recipient_name", models.CharField(max_length=80)),
                ("typed", models.CharField(max_length=254)),
                ("amount", models.BigIntegerField()),
                ("note", models.CharField(blank=True, max_length=140)),
                ("code", models.CharField(max_length=60)),
                ("facts", models.JSONField(default=dict)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("WAITING", "Waiting"),
                            ("SENT", "Sent"),
                            ("DISMISSED", "Not wanted any more"),
                            ("EXPIRED", "Expired"),
                        ],
                        default="WAITING",
                        max_length=10,
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("offered_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("posting_id", models.UUIDField(null=True)),
                (
                    "owner",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "recipient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="wallet.account",
                    ),
                ),
            ],
            options={
                "verbose_name": "paused transfer",
                "verbose_name_plural": "paused transfers",
                "indexes": [
                    models.Index(fields=["owner", "-id"], name="paused_transfer_of_owner"),
                    models.Index(
                        condition=models.Q(("state", "WAITING")),
                        fields=["id"],
                        name="paused_transfer_waiting",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("amount__gt", 0)), name="paused_transfer_amount"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_at__isnull", True), ("state", "WAITING")),
                            models.Q(
                                models.Q(("state", "WAITING"), _negated=True), ("ended_at__isnull", False)
                            ),
                            _connector="OR",
                        ),
                        name="paused_transfer_ended",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("posting_id__isnull", False), ("state", "SENT")),
                            models.Q(
                                models.Q(("state", "SENT"), _negated=True), ("posting_id__isnull", True)
                            ),
                            _connector="OR",
                        ),
                        name="paused_transfer_sent_by_a_posting",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "WAITING")),
                        fields=("source", "recipient", "amount", "note"),
                        name="paused_transfer_once",
                    ),
                ],
            },
        ),
        ServiceOnly("wallet_limitraise", service="SELECT, UPDATE, DELETE"),
        Protect(
            "wallet_pausedtransfer",
            policies=[
                Policy("own", "SELECT", using=OWN),
                Policy(
                    "pause",
                    "INSERT",
                    check=f"{OWN} and state = 'WAITING' and source_id = any ((select wallet.own_accounts())::uuid[])",
                ),
                Policy("end", "UPDATE", using=OWN, check=OWN),
            ],
            authenticated=f"SELECT, INSERT, UPDATE ({CHANGES})",
            service=f"SELECT, UPDATE ({CHANGES})",
        ),
        migrations.RunSQL(read(sql.__file__, "raises"), BACK),
    ]
