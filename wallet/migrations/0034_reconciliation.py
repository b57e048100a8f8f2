from datetime import date

import core.ids
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


from core.rls import ServiceOnly

# What a closed day was found to be stays as it is.
FROZEN = """
create function wallet.closed_day_stays() returns trigger
language plpgsql set search_path = '' as $$
begin
    raise exception using errcode = 'ALJ02', message = 'a closed day is never changed';
end
$$;
revoke all on function wallet.closed_day_stays() from public;
create trigger closed_day_stays before update on wallet_reconciledday
    for each row when (old.state = 'CLOSED') execute function wallet.closed_day_stays();
create trigger no_delete before delete or truncate on wallet_reconciledday
    for each statement execute function core.append_only();
"""
APPEND_ONLY = """
create trigger append_only before update or delete or truncate on wallet_breakchange
    for each statement execute function core.append_only();
create trigger append_only before update or delete or truncate on wallet_matchingrule
    for each statement execute function core.append_only();
"""
UNDONE = "undone_by_id, undone_at, undone_reason"
# A row stays what the other side said; what is learnt later is which posting it belongs to, and its id there.
PLACED = "key, nth, gateway_id, source, source_id"


def seed(apps, schema_editor):
    rules = apps.get_model("wallet", "MatchingRule").objects.using(schema_editor.connection.alias)
    rules.create(from_date=date(2000, 1, 1), source="The operator's own rule")


class Migration(migrations.Migration):
    dependencies = [
        ("wallet", "0011_more_kinds"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Break",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=core.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("key", models.UUIDField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("MISSING_IN_BOOKS", "Not in our books"),
                            ("MISSING_AT_GATEWAY", "Not at the gateway"),
                            ("AMOUNT", "Amounts differ"),
                            ("FEE", "Fees differ"),
                            ("DUPLICATE", "Twice at the gateway"),
                            ("CURRENCY", "Another currency"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("OPEN", "Open"), ("EXPLAINED", "Explained"), ("RESOLVED", "Resolved")],
                        default="OPEN",
                        max_length=9,
                    ),
                ),
                ("gateway_amount", models.BigIntegerField(null=True)),
                ("book_amount", models.BigIntegerField(null=True)),
                ("currency", models.CharField(max_length=3)),
                ("day", models.DateField()),
                ("happened_at", models.DateTimeField()),
                ("reference", models.CharField(blank=True, max_length=120)),
                ("explanation", models.CharField(blank=True, max_length=500)),
                ("found_at", models.DateTimeField()),
                ("resolved_at", models.DateTimeField(null=True)),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="wallet.account",
                    ),
                ),
            ],
            options={
                "verbose_name": "difference",
                "verbose_name_plural": "differences",
                "permissions": [("reconcile", "Can match, take apart and explain differences")],
            },
        ),
        migrations.CreateModel(
            name="BreakChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("was", models.CharField(blank=True, max_length=9)),
                (
                    "state",
                    models.CharField(
                        choices=[("OPEN", "Open"), ("EXPLAINED", "Explained"), ("RESOLVED", "Resolved")],
                        max_length=9,
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("MISSING_IN_BOOKS", "Not in our books"),
                            ("MISSING_AT_GATEWAY", "Not at the gateway"),
                            ("AMOUNT", "Amounts differ"),
                            ("FEE", "Fees differ"),
                            ("DUPLICATE", "Twice at the gateway"),
                            ("CURRENCY", "Another currency"),
                        ],
                        max_length=20,
                    ),
                ),
                ("gateway_amount", models.BigIntegerField(null=True)),
                ("book_amount", models.BigIntegerField(null=True)),
                ("reason", models.CharField(blank=True, max_length=500)),
                ("actor_id", models.UUIDField(null=True)),
                ("at", models.DateTimeField()),
                (
                    "break_found",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="changes", to="wallet.break"
                    ),
                ),
            ],
            options={
                "verbose_name": "change of a difference",
                "verbose_name_plural": "changes of differences",
            },
        ),
        migrations.CreateModel(
            name="ColumnMapping",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=core.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=60)),
                ("columns", models.JSONField()),
                ("date_format", models.CharField(max_length=30)),
                ("zone", models.CharField(default="Africa/Lagos", max_length=40)),
                ("in_kobo", models.BooleanField(default=False)),
                ("decimal_comma", models.BooleanField(default=False)),
                ("made_at", models.DateTimeField()),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="wallet.account",
                    ),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "column mapping",
                "verbose_name_plural": "column mappings",
            },
        ),
        migrations.CreateModel(
            name="GatewayRow",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=core.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("gateway_id", models.CharField(max_length=120)),
                ("source", models.CharField(default="OTHER", max_length=10)),
                ("source_id", models.CharField(blank=True, max_length=120)),
                ("reference", models.CharField(blank=True, max_length=120)),
                ("change", models.BigIntegerField()),
                ("balance", models.BigIntegerField(null=True)),
                ("currency", models.CharField(max_length=3)),
                ("description", models.CharField(blank=True, max_length=300)),
                ("at", models.DateTimeField()),
                ("day", models.DateField()),
                ("key", models.UUIDField()),
                ("nth", models.PositiveSmallIntegerField(default=0)),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="wallet.account",
                    ),
                ),
            ],
            options={
                "verbose_name": "gateway row",
                "verbose_name_plural": "gateway rows",
            },
        ),
        migrations.CreateModel(
            name="Match",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=core.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("posting_id", models.UUIDField()),
                ("key", models.UUIDField()),
                ("change", models.BigIntegerField()),
                ("posted_at", models.DateTimeField()),
                (
                    "method",
                    models.CharField(
                        choices=[
                            ("REFERENCE", "By its reference"),
                            ("SCORED", "By amount and time"),
                            ("MANUAL", "By hand"),
                        ],
                        max_length=9,
                    ),
                ),
                ("score", models.PositiveSmallIntegerField(null=True)),
                ("parts", models.JSONField(default=dict)),
                ("reason", models.CharField(blank=True, max_length=500)),
                ("made_at", models.DateTimeField()),
                ("undone_at", models.DateTimeField(null=True)),
                ("undone_reason", models.CharField(blank=True, max_length=500)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="wallet.account"
                    ),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "row",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="matches",
                        to="wallet.gatewayrow",
                    ),
                ),
                (
                    "undone_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "match",
                "verbose_name_plural": "matches",
            },
        ),
        migrations.CreateModel(
            name="MatchingRule",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("from_date", models.DateField(unique=True)),
                ("amount_points", models.PositiveSmallIntegerField(default=60)),
                ("time_points", models.PositiveSmallIntegerField(default=30)),
                ("text_points", models.PositiveSmallIntegerField(default=10)),
                ("auto_score", models.PositiveSmallIntegerField(default=80)),
                ("suggest_score", models.PositiveSmallIntegerField(default=60)),
                ("days", models.PositiveSmallIntegerField(default=3)),
                ("grace_minutes", models.PositiveSmallIntegerField(default=15)),
                ("fee_permille", models.PositiveSmallIntegerField(default=50)),
                ("lookback_days", models.PositiveSmallIntegerField(default=7)),
                ("source", models.CharField(max_length=500)),
            ],
            options={
                "verbose_name": "matching rule",
                "verbose_name_plural": "matching rules",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("auto_score__gte", models.F("suggest_score")),
                            ("days__range", (1, 30)),
                            ("suggest_score__gte", 1),
                        ),
                        name="matching_rule_sane",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ReconciledDay",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=core.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("day", models.DateField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("OPEN", "Open"),
                            ("PROPOSED", "Waiting for a second person"),
                            ("CLOSED", "Closed"),
                        ],
                        max_length=8,
                    ),
                ),
                ("figures", models.JSONField(default=dict)),
                ("signature", models.CharField(blank=True, max_length=64)),
                ("opening_difference", models.BigIntegerField(default=0)),
                ("proposed_at", models.DateTimeField(null=True)),
                ("checked_at", models.DateTimeField(null=True)),
                ("reason", models.CharField(blank=True, max_length=500)),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="wallet.account",
                    ),
                ),
                (
                    "checked_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "proposed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "reconciled day",
                "verbose_name_plural": "reconciliation",
                "permissions": [
                    ("propose_day", "Can put a day forward to be closed"),
                    ("check_day", "Can close a day that a colleague put forward"),
                ],
            },
        ),
        migrations.CreateModel(
            name="RowImport",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=core.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("API", "Asked of the gateway"), ("FILE", "From a file")], max_length=4
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("DRAFT", "To be confirmed"),
                            ("RUNNING", "Running"),
                            ("DONE", "Done"),
                            ("FAILED", "Failed"),
                        ],
                        max_length=8,
                    ),
                ),
                ("since", models.DateField(null=True)),
                ("until", models.DateField(null=True)),
                ("name", models.CharField(blank=True, max_length=200)),
                ("sha256", models.CharField(blank=True, max_length=64)),
                ("content", models.BinaryField(null=True)),
                ("new_rows", models.PositiveIntegerField(default=0)),
                ("known_rows", models.PositiveIntegerField(default=0)),
                ("differing", models.JSONField(default=list)),
                ("error", models.CharField(blank=True, max_length=300)),
                ("made_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "account",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="wallet.account",
                    ),
                ),
                (
                    "gateway",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="wallet.paymentgateway",
                    ),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "mapping",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="wallet.columnmapping",
                    ),
                ),
            ],
            options={
                "verbose_name": "import",
                "verbose_name_plural": "imports",
                "permissions": [("import_rows", "Can take in what gateways and banks say")],
            },
        ),
        migrations.AddField(
            model_name="gatewayrow",
            name="row_import",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="wallet.rowimport",
            ),
        ),
        migrations.CreateModel(
            name="SuspenseItem",
            fields=[
                ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ("posting_id", models.UUIDField()),
                ("amount", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("kind", models.CharField(max_length=40)),
                ("description", models.CharField(blank=True, max_length=500)),
                ("suspended_at", models.DateTimeField()),
                ("attributed_by", models.UUIDField(null=True)),
                ("attributed_at", models.DateTimeField(null=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="wallet.account"
                    ),
                ),
            ],
            options={
                "verbose_name": "suspended amount",
                "verbose_name_plural": "suspense",
            },
        ),
        migrations.AddIndex(
            model_name="break",
            index=models.Index(fields=["account", "day"], name="break_of_day"),
        ),
        migrations.AddIndex(
            model_name="break",
            index=models.Index(
                condition=models.Q(("state", "OPEN")), fields=["happened_at"], name="break_by_age"
            ),
        ),
        migrations.AddConstraint(
            model_name="break",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "RESOLVED"), _negated=True),
                fields=("key", "account"),
                name="break_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="break",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "EXPLAINED"), _negated=True),
                    models.Q(("explanation", ""), _negated=True),
                    _connector="OR",
                ),
                name="break_explained_says_why",
            ),
        ),
        migrations.AddConstraint(
            model_name="break",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("resolved_at__isnull", False), ("state", "RESOLVED")),
                    models.Q(models.Q(("state", "RESOLVED"), _negated=True), ("resolved_at__isnull", True)),
                    _connector="OR",
                ),
                name="break_resolved_when",
            ),
        ),
        migrations.AddConstraint(
            model_name="columnmapping",
            constraint=models.UniqueConstraint(fields=("account", "name"), name="column_mapping_once"),
        ),
        migrations.AddIndex(
            model_name="match",
            index=models.Index(fields=["posting_id"], name="match_of_posting"),
        ),
        migrations.AddConstraint(
            model_name="match",
            constraint=models.UniqueConstraint(
                condition=models.Q(("undone_at", None)), fields=("row", "posting_id"), name="match_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="match",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    ("undone_at", None), models.Q(("posting_id", models.F("key")), _negated=True)
                ),
                fields=("posting_id", "account"),
                name="match_posting_moved_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="match",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("method", "MANUAL"), _negated=True),
                    models.Q(("made_by__isnull", False), models.Q(("reason", ""), _negated=True)),
                    _connector="OR",
                ),
                name="match_by_hand_says_why",
            ),
        ),
        migrations.AddConstraint(
            model_name="match",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("undone_at", None),
                    models.Q(("undone_by__isnull", False), models.Q(("undone_reason", ""), _negated=True)),
                    _connector="OR",
                ),
                name="match_undone_says_why",
            ),
        ),
        migrations.AddConstraint(
            model_name="reconciledday",
            constraint=models.UniqueConstraint(fields=("account", "day"), name="reconciled_day_once"),
        ),
        migrations.AddConstraint(
            model_name="reconciledday",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("checked_by", None),
                    models.Q(("checked_by", models.F("proposed_by")), _negated=True),
                    _connector="OR",
                ),
                name="reconciled_day_two_people",
            ),
        ),
        migrations.AddConstraint(
            model_name="reconciledday",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "CLOSED"), _negated=True),
                    models.Q(
                        ("checked_at__isnull", False),
                        ("checked_by__isnull", False),
                        ("proposed_by__isnull", False),
                        models.Q(("signature", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="reconciled_day_closed",
            ),
        ),
        migrations.AddIndex(
            model_name="rowimport",
            index=models.Index(fields=["account", "-until"], name="row_import_of_account"),
        ),
        migrations.AddConstraint(
            model_name="rowimport",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    models.Q(("sha256", ""), _negated=True), ("state__in", ["RUNNING", "DONE"])
                ),
                fields=("account", "sha256"),
                name="row_import_file_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="rowimport",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("since__isnull", True), ("until__gt", models.F("since")), _connector="OR"
                ),
                name="row_import_days",
            ),
        ),
        migrations.AddIndex(
            model_name="gatewayrow",
            index=models.Index(fields=["account", "day"], name="gateway_row_of_day"),
        ),
        migrations.AddIndex(
            model_name="gatewayrow",
            index=models.Index(
                condition=models.Q(("nth__gt", 0)), fields=["key"], name="gateway_row_further"
            ),
        ),
        migrations.AddIndex(
            model_name="gatewayrow",
            index=models.Index(
                condition=models.Q(("reference", ""), _negated=True),
                fields=["account", "reference"],
                name="gateway_row_reference",
            ),
        ),
        migrations.AddConstraint(
            model_name="gatewayrow",
            constraint=models.UniqueConstraint(fields=("gateway_id", "account"), name="gateway_row_once"),
        ),
        migrations.AddConstraint(
            model_name="gatewayrow",
            constraint=models.UniqueConstraint(
                condition=models.Q(("nth", 0)), fields=("key", "account"), name="gateway_row_first_once"
            ),
        ),
        migrations.AddIndex(
            model_name="suspenseitem",
            index=models.Index(fields=["posting_id"], name="suspense_of_posting"),
        ),
        migrations.AddIndex(
            model_name="suspenseitem",
            index=models.Index(
                condition=models.Q(("attributed_by", None)), fields=["suspended_at"], name="suspense_by_age"
            ),
        ),
        ServiceOnly("wallet_matchingrule", service="SELECT, INSERT"),
        ServiceOnly("wallet_columnmapping", service="SELECT, INSERT"),
        ServiceOnly("wallet_rowimport", service="SELECT, INSERT, UPDATE"),
        ServiceOnly("wallet_gatewayrow", service=f"SELECT, INSERT, UPDATE ({PLACED})"),
        ServiceOnly("wallet_match", service=f"SELECT, INSERT, UPDATE ({UNDONE})"),
        ServiceOnly("wallet_break", service="SELECT, INSERT, UPDATE"),
        ServiceOnly("wallet_breakchange", service="SELECT, INSERT"),
        ServiceOnly("wallet_reconciledday", service="SELECT, INSERT, UPDATE"),
        ServiceOnly("wallet_suspenseitem", service="SELECT, INSERT, UPDATE"),
        migrations.RunPython(seed, migrations.RunPython.noop),
        migrations.RunSQL(APPEND_ONLY + FROZEN, "drop function wallet.closed_day_stays() cascade"),
        migrations.RunSQL(
            "insert into wallet_follower (name, snapshot) values ('suspense', '1:1:')",
            "delete from wallet_follower where name = 'suspense'",
        ),
    ]
