import core.ids
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from core.rls import Policy, Protect, ServiceOnly
from core.sql import read
from wallet import sql


OWN = "owner_id = (select auth.uid())"
THEIRS = "account_id = any ((select wallet.own_accounts())::uuid[])"
# Not what charges the card, nor what finds it.
CARD = "id, owner_id, gateway_id, brand, last4, bank, expires_month, expires_year, created_at, used_at"
# Not what staff write of it.
REFUND = (
    "id, posting_id, rest_posting_id, hold_id, account_id, payment_id, suspended_id, gateway_id, reference, gateway_refund, amount, "
    "currency_id, shortfall, state, note, requested_by_id, created_at, ordered_at, next_check_at, checks, settled_at, error"
)
DISPUTE = (
    "id, posting_id, rest_posting_id, hold_id, payment_id, account_id, gateway_id, gateway_dispute, reference, amount, "
    "held, currency_id, category, state, due_at, reminded_at, answer, answered_by_id, answered_at, delivered_at, "
    "opened_at, resolved_at"
)


class Migration(migrations.Migration):

    dependencies = [
        ('wallet', '0023_part_reversals'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name='payment',
            name='reference',
            field=models.CharField(max_length=100),
        ),
        migrations.AddField(
            model_name='payment',
            name='card_offered',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name='payment',
            name='method',
            field=models.CharField(choices=[('CHECKOUT', 'On the payment partner’s page'), ('CARD', 'By a saved card'), ('TRANSFER', 'To their account number')], db_default='CHECKOUT', default='CHECKOUT', max_length=8),
        ),
        migrations.CreateModel(
            name='SuspendedDeposit',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('reference', models.CharField(max_length=100)),
                ('posting_id', models.UUIDField(default=core.ids.posting_id, editable=False, unique=True)),
                ('is_posted', models.BooleanField(default=False)),
                ('amount', models.BigIntegerField()),
                ('currency_code', models.CharField(max_length=3)),
                ('fee', models.BigIntegerField(null=True)),
                ('why', models.CharField(max_length=40)),
                ('sender', models.JSONField(default=dict)),
                ('state', models.CharField(choices=[('OPEN', 'Nobody’s yet'), ('ATTRIBUTED', 'Given to a customer'), ('RETURNING', 'On its way back'), ('RETURNED', 'Sent back')], default='OPEN', max_length=10)),
                ('received_at', models.DateTimeField()),
                ('resolved_posting_id', models.UUIDField(null=True, unique=True)),
                ('resolved_at', models.DateTimeField(null=True)),
                ('note', models.CharField(blank=True, max_length=500)),
                ('account', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='wallet.account')),
                ('gateway', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='wallet.paymentgateway')),
                ('payment', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='suspended', to='wallet.payment')),
                ('resolved_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'suspended deposit',
                'verbose_name_plural': 'suspended deposits',
                'permissions': [('resolve_suspended', 'Can propose whose a suspended deposit is, and send it back'), ('approve_suspended', 'Can approve whose a suspended deposit is')],
            },
        ),
        migrations.CreateModel(
            name='Refund',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('posting_id', models.UUIDField(editable=False, null=True, unique=True)),
                ('rest_posting_id', models.UUIDField(editable=False, null=True, unique=True)),
                ('hold_id', models.UUIDField(default=core.ids.uuid7, editable=False, unique=True)),
                ('reference', models.CharField(max_length=100)),
                ('gateway_refund', models.CharField(blank=True, max_length=100)),
                ('amount', models.BigIntegerField()),
                ('shortfall', models.BigIntegerField(default=0)),
                ('state', models.CharField(choices=[('HELD', 'Waiting to be sent'), ('UNKNOWN', 'No answer yet'), ('PENDING', 'On its way'), ('NEEDS_ATTENTION', 'Needs a bank account'), ('SUCCEEDED', 'Paid back'), ('FAILED', 'Not paid back')], default='HELD', max_length=16)),
                ('reason', models.CharField(blank=True, max_length=500)),
                ('note', models.CharField(blank=True, max_length=140)),
                ('created_at', models.DateTimeField()),
                ('ordered_at', models.DateTimeField(null=True)),
                ('next_check_at', models.DateTimeField(null=True)),
                ('checks', models.PositiveSmallIntegerField(default=0)),
                ('settled_at', models.DateTimeField(null=True)),
                ('error', models.CharField(blank=True, max_length=200)),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='wallet.account')),
                ('currency', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='wallet.currency')),
                ('gateway', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='wallet.paymentgateway')),
                ('payment', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='refunds', to='wallet.payment')),
                ('requested_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('suspended', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='refunds', to='wallet.suspendeddeposit')),
            ],
            options={
                'verbose_name': 'refund',
                'verbose_name_plural': 'refunds',
                'permissions': [('propose_refund', 'Can propose a refund'), ('approve_refund', 'Can approve a refund'), ('settle_refund', 'Can decide on a refund without an answer')],
            },
        ),
        migrations.CreateModel(
            name='DedicatedAccount',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('state', models.CharField(choices=[('REQUESTED', 'Asked for'), ('ACTIVE', 'In use'), ('FAILED', 'Not given'), ('CLOSED', 'Closed')], default='REQUESTED', max_length=10)),
                ('account_number', models.CharField(blank=True, max_length=10)),
                ('account_name', models.CharField(blank=True, max_length=150)),
                ('bank_name', models.CharField(blank=True, max_length=80)),
                ('provider', models.CharField(blank=True, max_length=40)),
                ('gateway_account', models.CharField(blank=True, max_length=100)),
                ('customer_code', models.CharField(blank=True, max_length=100)),
                ('reason', models.CharField(blank=True, max_length=200)),
                ('requested_at', models.DateTimeField()),
                ('opened_at', models.DateTimeField(null=True)),
                ('closed_at', models.DateTimeField(null=True)),
                ('next_try_at', models.DateTimeField(null=True)),
                ('searched_at', models.DateTimeField(null=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='wallet.account')),
                ('gateway', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='wallet.paymentgateway')),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'account number',
                'verbose_name_plural': 'account numbers',
                'indexes': [models.Index(fields=['gateway', 'customer_code'], name='dedicated_account_by_customer'), models.Index(condition=models.Q(('next_try_at__isnull', False)), fields=['next_try_at'], name='dedicated_account_to_ask')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state__in', ('REQUESTED', 'ACTIVE'))), fields=('owner',), name='dedicated_account_one_each'), models.UniqueConstraint(condition=models.Q(('state', 'ACTIVE')), fields=('gateway', 'account_number'), name='dedicated_account_number_once'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'ACTIVE'), _negated=True), models.Q(('account_number', ''), _negated=True), _connector='OR'), name='dedicated_account_active_has_number')],
            },
        ),
        migrations.CreateModel(
            name='Dispute',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('posting_id', models.UUIDField(editable=False, null=True, unique=True)),
                ('rest_posting_id', models.UUIDField(editable=False, null=True, unique=True)),
                ('hold_id', models.UUIDField(default=core.ids.uuid7, editable=False, unique=True)),
                ('gateway_dispute', models.CharField(max_length=100)),
                ('reference', models.CharField(max_length=100)),
                ('amount', models.BigIntegerField()),
                ('held', models.BigIntegerField(default=0)),
                ('category', models.CharField(blank=True, max_length=60)),
                ('state', models.CharField(choices=[('OPEN', 'Being decided'), ('WON', 'Kept'), ('LOST', 'Taken back')], default='OPEN', max_length=6)),
                ('due_at', models.DateTimeField(null=True)),
                ('reminded_at', models.DateTimeField(null=True)),
                ('answer', models.CharField(blank=True, choices=[('ACCEPT', 'Give the money back'), ('DECLINE', 'The payment was right')], max_length=8)),
                ('evidence', models.TextField(blank=True, max_length=2000)),
                ('answered_at', models.DateTimeField(null=True)),
                ('delivered_at', models.DateTimeField(null=True)),
                ('opened_at', models.DateTimeField()),
                ('resolved_at', models.DateTimeField(null=True)),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='wallet.account')),
                ('answered_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('currency', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='wallet.currency')),
                ('gateway', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='wallet.paymentgateway')),
                ('payment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='disputes', to='wallet.payment')),
            ],
            options={
                'verbose_name': 'dispute',
                'verbose_name_plural': 'disputes',
                'permissions': [('answer_dispute', 'Can answer a dispute')],
                'indexes': [models.Index(fields=['account', '-id'], name='dispute_of_account'), models.Index(condition=models.Q(('state', 'OPEN')), fields=['due_at'], name='dispute_open')],
                'constraints': [models.UniqueConstraint(fields=('gateway', 'gateway_dispute'), name='dispute_once'), models.CheckConstraint(condition=models.Q(('amount__gt', 0), ('held__gte', 0), ('held__lte', models.F('amount'))), name='dispute_amount')],
            },
        ),
        migrations.CreateModel(
            name='SavedCard',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('sealed', models.TextField()),
                ('card_index', models.CharField(max_length=64)),
                ('brand', models.CharField(max_length=30)),
                ('last4', models.CharField(max_length=4)),
                ('bank', models.CharField(blank=True, max_length=80)),
                ('expires_month', models.PositiveSmallIntegerField()),
                ('expires_year', models.PositiveSmallIntegerField()),
                ('created_at', models.DateTimeField()),
                ('used_at', models.DateTimeField(null=True)),
                ('gateway', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='wallet.paymentgateway')),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'saved card',
                'verbose_name_plural': 'saved cards',
                'constraints': [models.UniqueConstraint(fields=('gateway', 'owner', 'card_index'), name='saved_card_once'), models.CheckConstraint(condition=models.Q(('expires_month__gte', 1), ('expires_month__lte', 12)), name='saved_card_month')],
            },
        ),
        migrations.AddIndex(
            model_name='suspendeddeposit',
            index=models.Index(condition=models.Q(('state', 'OPEN')), fields=['received_at'], name='suspended_deposit_open'),
        ),
        migrations.AddConstraint(
            model_name='suspendeddeposit',
            constraint=models.UniqueConstraint(fields=('gateway', 'reference'), name='suspended_deposit_once'),
        ),
        migrations.AddConstraint(
            model_name='suspendeddeposit',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'ATTRIBUTED'), _negated=True), models.Q(('account__isnull', False), ('resolved_posting_id__isnull', False)), _connector='OR'), name='suspended_deposit_attributed'),
        ),
        migrations.AddIndex(
            model_name='refund',
            index=models.Index(fields=['account', '-id'], name='refund_of_account'),
        ),
        migrations.AddIndex(
            model_name='refund',
            index=models.Index(fields=['gateway', 'reference'], name='refund_of_charge'),
        ),
        migrations.AddIndex(
            model_name='refund',
            index=models.Index(condition=models.Q(('next_check_at__isnull', False)), fields=['next_check_at'], name='refund_to_check'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ('HELD', 'UNKNOWN'))), fields=('gateway', 'reference'), name='refund_one_unnamed'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.UniqueConstraint(condition=models.Q(('gateway_refund', ''), _negated=True), fields=('gateway', 'gateway_refund'), name='refund_known_once'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gt', 0), ('shortfall__gte', 0), ('shortfall__lte', models.F('amount'))), name='refund_amount'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.CheckConstraint(condition=models.Q(('payment__isnull', False), ('suspended__isnull', False), _connector='XOR'), name='refund_of_one_thing'),
        ),
        Protect(
            "wallet_savedcard",
            policies=[Policy("own", "SELECT", using=OWN)],
            authenticated=f"SELECT ({CARD})",
            service="SELECT, INSERT, UPDATE, DELETE",
        ),
        Protect(
            "wallet_dedicatedaccount",
            policies=[Policy("own", "SELECT", using=OWN)],
            authenticated="SELECT",
            service="SELECT, INSERT, UPDATE",
        ),
        ServiceOnly("wallet_suspendeddeposit", service="SELECT, INSERT, UPDATE"),
        Protect(
            "wallet_refund",
            policies=[Policy("own", "SELECT", using=THEIRS)],
            authenticated=f"SELECT ({REFUND})",
            service="SELECT, INSERT, UPDATE",
        ),
        Protect(
            "wallet_dispute",
            policies=[Policy("own", "SELECT", using=THEIRS)],
            authenticated=f"SELECT ({DISPUTE})",
            service="SELECT, INSERT, UPDATE",
        ),
        migrations.RunSQL(read(sql.__file__, "claims"), migrations.RunSQL.noop),
    ]
