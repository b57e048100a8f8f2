from datetime import date

import core.ids
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


from core.rls import ServiceOnly
from core.sql import read
from wallet import sql

# What a closed day was found to be, what became of a difference and what matching goes by is never changed, nor is
# what a month was closed with, but for its being opened again.
APPEND_ONLY = "".join(
    f"""
create trigger append_only before update or delete or truncate on {table}
    for each statement execute function core.append_only();
"""
    for table in ("wallet_breakchange", "wallet_matchingrule", "wallet_reconciledday", "wallet_adjustment")
) + """
create trigger no_delete before delete or truncate on wallet_closedperiod
    for each statement execute function core.append_only();
"""
UNDONE = "undone_by_id, undone_at, undone_reason"
# A row stays what the other side said; what is learnt later is which posting it belongs to, and its id there.
PLACED = "key, nth, gateway_id, source, source_id"
BACK = """
drop function wallet.follow_suspense(integer);
drop function wallet.trial_balance(timestamptz, timestamptz);
"""


def seed(apps, schema_editor):
    rules = apps.get_model("wallet", "MatchingRule").objects.using(schema_editor.connection.alias)
    rules.create(from_date=date(2000, 1, 1), source="The operator's own rule")


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0032_by_two_people'),
        ('wallet', '0031_statements'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Adjustment',
            fields=[
                ('posting_id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('month', models.DateField()),
                ('adjusts', models.UUIDField(null=True)),
                ('reason', models.CharField(max_length=500)),
                ('actor_id', models.UUIDField(null=True)),
                ('made_at', models.DateTimeField()),
            ],
            options={
                'verbose_name': 'adjustment',
                'verbose_name_plural': 'adjustments',
                'indexes': [models.Index(fields=['month'], name='adjustment_by_month'), models.Index(condition=models.Q(('adjusts__isnull', False)), fields=['adjusts'], name='adjustment_of')],
                'constraints': [models.CheckConstraint(condition=models.Q(('month__day', 1)), name='adjustment_of_a_month'), models.CheckConstraint(condition=models.Q(('adjusts', None), models.Q(('adjusts', models.F('posting_id')), _negated=True), _connector='OR'), name='adjustment_of_another')],
            },
        ),
        migrations.CreateModel(
            name='Break',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('key', models.UUIDField()),
                ('kind', models.CharField(choices=[('MISSING_IN_BOOKS', 'Not in our books'), ('MISSING_AT_GATEWAY', 'Not at the gateway'), ('AMOUNT', 'Amounts differ'), ('FEE', 'Fees differ'), ('DUPLICATE', 'Twice at the gateway'), ('CURRENCY', 'Another currency')], max_length=20)),
                ('state', models.CharField(choices=[('OPEN', 'Open'), ('EXPLAINED', 'Explained'), ('RESOLVED', 'Resolved')], default='OPEN', max_length=9)),
                ('gateway_amount', models.BigIntegerField(null=True)),
                ('book_amount', models.BigIntegerField(null=True)),
                ('currency', models.CharField(max_length=3)),
                ('day', models.DateField()),
                ('happened_at', models.DateTimeField()),
                ('reference', models.CharField(blank=True, max_length=120)),
                ('explanation', models.CharField(blank=True, max_length=500)),
                ('found_at', models.DateTimeField()),
                ('resolved_at', models.DateTimeField(null=True)),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='wallet.account')),
            ],
            options={
                'verbose_name': 'difference',
                'verbose_name_plural': 'differences',
                'permissions': [('reconcile', 'Can match, take apart and explain differences')],
            },
        ),
        migrations.CreateModel(
            name='BreakChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('was', models.CharField(blank=True, max_length=9)),
                ('state', models.CharField(choices=[('OPEN', 'Open'), ('EXPLAINED', 'Explained'), ('RESOLVED', 'Resolved')], max_length=9)),
                ('kind', models.CharField(choices=[('MISSING_IN_BOOKS', 'Not in our books'), ('MISSING_AT_GATEWAY', 'Not at the gateway'), ('AMOUNT', 'Amounts differ'), ('FEE', 'Fees differ'), ('DUPLICATE', 'Twice at the gateway'), ('CURRENCY', 'Another currency')], max_length=20)),
                ('gateway_amount', models.BigIntegerField(null=True)),
                ('book_amount', models.BigIntegerField(null=True)),
                ('reason', models.CharField(blank=True, max_length=500)),
                ('actor_id', models.UUIDField(null=True)),
                ('at', models.DateTimeField()),
                ('break_found', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='changes', to='wallet.break')),
            ],
            options={
                'verbose_name': 'change of a difference',
                'verbose_name_plural': 'changes of differences',
            },
        ),
        migrations.CreateModel(
            name='ClosedPeriod',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('month', models.DateField()),
                ('figures', models.JSONField()),
                ('digest', models.CharField(max_length=64)),
                ('closed_at', models.DateTimeField()),
                ('reason', models.CharField(max_length=500)),
                ('reopened_at', models.DateTimeField(null=True)),
                ('closed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('reopening', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.approval')),
            ],
            options={
                'verbose_name': 'closed month',
                'verbose_name_plural': 'closed months',
                'permissions': [('close_period', 'Can close a month'), ('propose_reopening', 'Can propose that a closed month is opened again'), ('approve_reopening', 'Can approve that a closed month is opened again')],
            },
        ),
        migrations.CreateModel(
            name='ColumnMapping',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=60)),
                ('columns', models.JSONField()),
                ('date_format', models.CharField(max_length=30)),
                ('zone', models.CharField(default='Africa/Lagos', max_length=40)),
                ('in_kobo', models.BooleanField(default=False)),
                ('decimal_comma', models.BooleanField(default=False)),
                ('made_at', models.DateTimeField()),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='wallet.account')),
                ('made_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'column mapping',
                'verbose_name_plural': 'column mappings',
            },
        ),
        migrations.CreateModel(
            name='GatewayRow',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('gateway_id', models.CharField(max_length=120)),
                ('source', models.CharField(default='OTHER', max_length=10)),
                ('source_id', models.CharField(blank=True, max_length=120)),
                ('reference', models.CharField(blank=True, max_length=120)),
                ('change', models.BigIntegerField()),
                ('balance', models.BigIntegerField(null=True)),
                ('currency', models.CharField(max_length=3)),
                ('description', models.CharField(blank=True, max_length=300)),
                ('at', models.DateTimeField()),
                ('day', models.DateField()),
                ('key', models.UUIDField()),
                ('nth', models.PositiveSmallIntegerField(default=0)),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='wallet.account')),
            ],
            options={
                'verbose_name': 'gateway row',
                'verbose_name_plural': 'gateway rows',
            },
        ),
        migrations.CreateModel(
            name='Match',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('posting_id', models.UUIDField()),
                ('key', models.UUIDField()),
                ('change', models.BigIntegerField()),
                ('posted_at', models.DateTimeField()),
                ('method', models.CharField(choices=[('REFERENCE', 'By its reference'), ('SCORED', 'By amount and time'), ('MANUAL', 'By hand')], max_length=9)),
                ('score', models.PositiveSmallIntegerField(null=True)),
                ('parts', models.JSONField(default=dict)),
                ('reason', models.CharField(blank=True, max_length=500)),
                ('made_at', models.DateTimeField()),
                ('undone_at', models.DateTimeField(null=True)),
                ('undone_reason', models.CharField(blank=True, max_length=500)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='wallet.account')),
                ('made_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('row', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='matches', to='wallet.gatewayrow')),
                ('undone_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'match',
                'verbose_name_plural': 'matches',
            },
        ),
        migrations.CreateModel(
            name='MatchingRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('from_date', models.DateField(unique=True)),
                ('amount_points', models.PositiveSmallIntegerField(default=60)),
                ('time_points', models.PositiveSmallIntegerField(default=30)),
                ('text_points', models.PositiveSmallIntegerField(default=10)),
                ('auto_score', models.PositiveSmallIntegerField(default=80)),
                ('suggest_score', models.PositiveSmallIntegerField(default=60)),
                ('days', models.PositiveSmallIntegerField(default=3)),
                ('grace_minutes', models.PositiveSmallIntegerField(default=15)),
                ('fee_permille', models.PositiveSmallIntegerField(default=50)),
                ('lookback_days', models.PositiveSmallIntegerField(default=7)),
                ('source', models.CharField(max_length=500)),
            ],
            options={
                'verbose_name': 'matching rule',
                'verbose_name_plural': 'matching rules',
                'constraints': [models.CheckConstraint(condition=models.Q(('auto_score__gte', models.F('suggest_score')), ('days__range', (1, 30)), ('suggest_score__gte', 1)), name='matching_rule_sane')],
            },
        ),
        migrations.CreateModel(
            name='ReconciledDay',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('day', models.DateField()),
                ('figures', models.JSONField()),
                ('signature', models.CharField(max_length=64)),
                ('opening_difference', models.BigIntegerField(default=0)),
                ('closed_at', models.DateTimeField()),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='wallet.account')),
                ('approval', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.approval')),
                ('checked_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('made_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'reconciled day',
                'verbose_name_plural': 'reconciliation',
                'permissions': [('propose_day', 'Can propose that a day is closed'), ('approve_day', 'Can approve that a day is closed')],
            },
        ),
        migrations.CreateModel(
            name='RowImport',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('API', 'Asked of the gateway'), ('FILE', 'From a file')], max_length=4)),
                ('state', models.CharField(choices=[('DRAFT', 'To be confirmed'), ('RUNNING', 'Running'), ('DONE', 'Done'), ('FAILED', 'Failed')], max_length=8)),
                ('since', models.DateField(null=True)),
                ('until', models.DateField(null=True)),
                ('name', models.CharField(blank=True, max_length=200)),
                ('sha256', models.CharField(blank=True, max_length=64)),
                ('content', models.BinaryField(null=True)),
                ('new_rows', models.PositiveIntegerField(default=0)),
                ('known_rows', models.PositiveIntegerField(default=0)),
                ('differing', models.JSONField(default=list)),
                ('error', models.CharField(blank=True, max_length=300)),
                ('made_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='wallet.account')),
                ('gateway', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='wallet.paymentgateway')),
                ('made_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('mapping', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='wallet.columnmapping')),
            ],
            options={
                'verbose_name': 'import',
                'verbose_name_plural': 'imports',
                'permissions': [('import_rows', 'Can take in what gateways and banks say')],
            },
        ),
        migrations.AddField(
            model_name='gatewayrow',
            name='row_import',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='wallet.rowimport'),
        ),
        migrations.CreateModel(
            name='SuspenseItem',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('posting_id', models.UUIDField()),
                ('amount', models.BigIntegerField()),
                ('currency', models.CharField(max_length=3)),
                ('kind', models.CharField(max_length=40)),
                ('description', models.CharField(blank=True, max_length=500)),
                ('suspended_at', models.DateTimeField()),
                ('attributed_by', models.UUIDField(null=True)),
                ('attributed_at', models.DateTimeField(null=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='wallet.account')),
            ],
            options={
                'verbose_name': 'suspended amount',
                'verbose_name_plural': 'suspense',
            },
        ),
        migrations.AddIndex(
            model_name='break',
            index=models.Index(fields=['account', 'day'], name='break_of_day'),
        ),
        migrations.AddIndex(
            model_name='break',
            index=models.Index(condition=models.Q(('state', 'OPEN')), fields=['happened_at'], name='break_by_age'),
        ),
        migrations.AddConstraint(
            model_name='break',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'RESOLVED'), _negated=True), fields=('key', 'account'), name='break_once'),
        ),
        migrations.AddConstraint(
            model_name='break',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'EXPLAINED'), _negated=True), models.Q(('explanation', ''), _negated=True), _connector='OR'), name='break_explained_says_why'),
        ),
        migrations.AddConstraint(
            model_name='break',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('resolved_at__isnull', False), ('state', 'RESOLVED')), models.Q(models.Q(('state', 'RESOLVED'), _negated=True), ('resolved_at__isnull', True)), _connector='OR'), name='break_resolved_when'),
        ),
        migrations.AddConstraint(
            model_name='closedperiod',
            constraint=models.UniqueConstraint(condition=models.Q(('reopened_at', None)), fields=('month',), name='closed_period_once'),
        ),
        migrations.AddConstraint(
            model_name='closedperiod',
            constraint=models.CheckConstraint(condition=models.Q(('month__day', 1)), name='closed_period_is_a_month'),
        ),
        migrations.AddConstraint(
            model_name='closedperiod',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('reopened_at__isnull', True), ('reopening__isnull', True)), models.Q(('reopened_at__isnull', False), ('reopening__isnull', False)), _connector='OR'), name='closed_period_reopened_by_approval'),
        ),
        migrations.AddConstraint(
            model_name='columnmapping',
            constraint=models.UniqueConstraint(fields=('account', 'name'), name='column_mapping_once'),
        ),
        migrations.AddIndex(
            model_name='match',
            index=models.Index(fields=['posting_id'], name='match_of_posting'),
        ),
        migrations.AddConstraint(
            model_name='match',
            constraint=models.UniqueConstraint(condition=models.Q(('undone_at', None)), fields=('row', 'posting_id'), name='match_once'),
        ),
        migrations.AddConstraint(
            model_name='match',
            constraint=models.UniqueConstraint(condition=models.Q(('undone_at', None), models.Q(('posting_id', models.F('key')), _negated=True)), fields=('posting_id', 'account'), name='match_posting_moved_once'),
        ),
        migrations.AddConstraint(
            model_name='match',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('method', 'MANUAL'), _negated=True), models.Q(('made_by__isnull', False), models.Q(('reason', ''), _negated=True)), _connector='OR'), name='match_by_hand_says_why'),
        ),
        migrations.AddConstraint(
            model_name='match',
            constraint=models.CheckConstraint(condition=models.Q(('undone_at', None), models.Q(('undone_by__isnull', False), models.Q(('undone_reason', ''), _negated=True)), _connector='OR'), name='match_undone_says_why'),
        ),
        migrations.AddConstraint(
            model_name='reconciledday',
            constraint=models.UniqueConstraint(fields=('account', 'day'), name='reconciled_day_once'),
        ),
        migrations.AddConstraint(
            model_name='reconciledday',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('checked_by', models.F('made_by')), _negated=True), models.Q(('signature', ''), _negated=True)), name='reconciled_day_two_people'),
        ),
        migrations.AddIndex(
            model_name='rowimport',
            index=models.Index(fields=['gateway'], name='row_import_of_gateway'),
        ),
        migrations.AddIndex(
            model_name='rowimport',
            index=models.Index(fields=['account', '-until'], name='row_import_of_account'),
        ),
        migrations.AddConstraint(
            model_name='rowimport',
            constraint=models.UniqueConstraint(condition=models.Q(models.Q(('sha256', ''), _negated=True), ('state__in', ['RUNNING', 'DONE'])), fields=('account', 'sha256'), name='row_import_file_once'),
        ),
        migrations.AddConstraint(
            model_name='rowimport',
            constraint=models.CheckConstraint(condition=models.Q(('since__isnull', True), ('until__gt', models.F('since')), _connector='OR'), name='row_import_days'),
        ),
        migrations.AddIndex(
            model_name='gatewayrow',
            index=models.Index(fields=['account', 'day'], name='gateway_row_of_day'),
        ),
        migrations.AddIndex(
            model_name='gatewayrow',
            index=models.Index(condition=models.Q(('nth__gt', 0)), fields=['key'], name='gateway_row_further'),
        ),
        migrations.AddIndex(
            model_name='gatewayrow',
            index=models.Index(condition=models.Q(('reference', ''), _negated=True), fields=['account', 'reference'], name='gateway_row_reference'),
        ),
        migrations.AddConstraint(
            model_name='gatewayrow',
            constraint=models.UniqueConstraint(fields=('gateway_id', 'account'), name='gateway_row_once'),
        ),
        migrations.AddConstraint(
            model_name='gatewayrow',
            constraint=models.UniqueConstraint(condition=models.Q(('nth', 0)), fields=('key', 'account'), name='gateway_row_first_once'),
        ),
        migrations.AddIndex(
            model_name='suspenseitem',
            index=models.Index(fields=['posting_id'], name='suspense_of_posting'),
        ),
        migrations.AddIndex(
            model_name='suspenseitem',
            index=models.Index(condition=models.Q(('attributed_by', None)), fields=['suspended_at'], name='suspense_by_age'),
        ),
        ServiceOnly("wallet_matchingrule", service="SELECT, INSERT"),
        ServiceOnly("wallet_columnmapping", service="SELECT, INSERT"),
        ServiceOnly("wallet_rowimport", service="SELECT, INSERT, UPDATE"),
        ServiceOnly("wallet_gatewayrow", service=f"SELECT, INSERT, UPDATE ({PLACED})"),
        ServiceOnly("wallet_match", service=f"SELECT, INSERT, UPDATE ({UNDONE})"),
        ServiceOnly("wallet_break", service="SELECT, INSERT, UPDATE"),
        ServiceOnly("wallet_breakchange", service="SELECT, INSERT"),
        ServiceOnly("wallet_reconciledday", service="SELECT, INSERT"),
        ServiceOnly("wallet_suspenseitem", service="SELECT, INSERT, UPDATE"),
        ServiceOnly("wallet_closedperiod", service="SELECT, INSERT, UPDATE (reopening_id, reopened_at)"),
        ServiceOnly("wallet_adjustment", service="SELECT, INSERT"),
        migrations.RunPython(seed, migrations.RunPython.noop),
        migrations.RunSQL(APPEND_ONLY, migrations.RunSQL.noop),
        migrations.RunSQL(
            "insert into wallet_follower (name, snapshot) values ('suspense', '1:1:')",
            "delete from wallet_follower where name = 'suspense'",
        ),
        migrations.RunSQL(read(sql.__file__, "archived", "periods", "suspense", "post", "bulk"), BACK),
    ]
