import core.ids
import django.db.models.deletion
import wallet.models.merchants
from django.conf import settings
from django.db import migrations, models

from core.rls import Policy, Protect

OWN = "owner_id = (select auth.uid())"
# What is asked of a person by somebody they blocked is not theirs to see.
PARTY = """
    (asker_id = (select auth.uid())) is true
    or (payer_id = (select auth.uid()) and not exists (
        select from wallet_requestblock b
        where b.owner_id = payer_id and b.blocked_id = asker_id
    )) is true
"""
NEVER_CHANGED = """
create trigger append_only before update or delete on wallet_paymentrequestchange
    for each row execute function core.append_only();
create trigger no_truncate before truncate on wallet_paymentrequestchange
    for each statement execute function core.append_only();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('wallet', '0027_merchants'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='PaymentRequest',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('amount', models.BigIntegerField()),
                ('note', models.CharField(blank=True, max_length=140)),
                ('state', models.CharField(choices=[('OPEN', 'Open'), ('PAID', 'Paid'), ('DECLINED', 'Declined'), ('CANCELLED', 'Taken back'), ('EXPIRED', 'Expired')], default='OPEN', max_length=9)),
                ('reminders', models.PositiveSmallIntegerField(default=0)),
                ('reminded_at', models.DateTimeField(null=True)),
                ('posting_id', models.UUIDField(null=True, unique=True)),
                ('created_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('asker', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('currency', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to='wallet.currency')),
                ('payer', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'payment request',
                'verbose_name_plural': 'payment requests',
            },
        ),
        migrations.CreateModel(
            name='PaymentRequestChange',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('ASKED', 'Asked'), ('REMINDED', 'Reminded'), ('PAID', 'Paid'), ('DECLINED', 'Declined'), ('CANCELLED', 'Taken back'), ('EXPIRED', 'Expired')], max_length=9)),
                ('words', models.CharField(blank=True, max_length=140)),
                ('at', models.DateTimeField()),
                ('request', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='changes', to='wallet.paymentrequest')),
            ],
            options={
                'verbose_name': 'change of a payment request',
                'verbose_name_plural': 'changes of payment requests',
            },
        ),
        migrations.CreateModel(
            name='SplitBill',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('title', models.CharField(max_length=140)),
                ('total', models.BigIntegerField()),
                ('own_share', models.BigIntegerField()),
                ('created_at', models.DateTimeField()),
                ('currency', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to='wallet.currency')),
                ('owner', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'split bill',
                'verbose_name_plural': 'split bills',
            },
        ),
        migrations.AddField(
            model_name='paymentrequest',
            name='split',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='requests', to='wallet.splitbill'),
        ),
        migrations.CreateModel(
            name='PayLink',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('slug', models.CharField(default=wallet.models.merchants.new_slug, editable=False, max_length=12, unique=True)),
                ('amount', models.BigIntegerField(null=True)),
                ('note', models.CharField(blank=True, max_length=140)),
                ('created_at', models.DateTimeField()),
                ('revoked_at', models.DateTimeField(null=True)),
                ('currency', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to='wallet.currency')),
                ('owner', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'pay link',
                'verbose_name_plural': 'pay links',
                'indexes': [models.Index(fields=['owner', '-id'], name='pay_link_of_owner')],
                'constraints': [models.CheckConstraint(condition=models.Q(('amount__isnull', True), ('amount__gt', 0), _connector='OR'), name='pay_link_amount')],
            },
        ),
        migrations.CreateModel(
            name='RequestBlock',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField()),
                ('blocked', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('owner', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'block of requests',
                'verbose_name_plural': 'blocks of requests',
                'constraints': [models.UniqueConstraint(fields=('owner', 'blocked'), name='request_block_once')],
            },
        ),
        migrations.AddIndex(
            model_name='splitbill',
            index=models.Index(fields=['owner', '-id'], name='split_bill_of_owner'),
        ),
        migrations.AddConstraint(
            model_name='splitbill',
            constraint=models.CheckConstraint(condition=models.Q(('own_share__gte', 0), ('total__gt', 0), ('own_share__lt', models.F('total'))), name='split_bill_amounts'),
        ),
        migrations.AddIndex(
            model_name='paymentrequest',
            index=models.Index(fields=['asker', '-id'], name='payment_request_of_asker'),
        ),
        migrations.AddIndex(
            model_name='paymentrequest',
            index=models.Index(fields=['payer', '-id'], name='payment_request_of_payer'),
        ),
        migrations.AddIndex(
            model_name='paymentrequest',
            index=models.Index(condition=models.Q(('state', 'OPEN')), fields=['expires_at'], name='payment_request_to_expire'),
        ),
        migrations.AddConstraint(
            model_name='paymentrequest',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='payment_request_amount'),
        ),
        migrations.AddConstraint(
            model_name='paymentrequest',
            constraint=models.CheckConstraint(condition=models.Q(('asker', models.F('payer')), _negated=True), name='payment_request_between_two'),
        ),
        migrations.AddConstraint(
            model_name='paymentrequest',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ended_at__isnull', True), ('state', 'OPEN')), models.Q(models.Q(('state', 'OPEN'), _negated=True), ('ended_at__isnull', False)), _connector='OR'), name='payment_request_ended'),
        ),
        migrations.AddConstraint(
            model_name='paymentrequest',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('posting_id__isnull', False), ('state', 'PAID')), models.Q(models.Q(('state', 'PAID'), _negated=True), ('posting_id__isnull', True)), _connector='OR'), name='payment_request_paid_by_a_posting'),
        ),
        Protect(
            "wallet_requestblock",
            policies=[Policy("own", "SELECT", using=OWN)],
            authenticated="SELECT",
            service="SELECT, INSERT, DELETE",
        ),
        Protect(
            "wallet_paymentrequest",
            policies=[Policy("party", "SELECT", using=PARTY)],
            authenticated="SELECT",
            service="SELECT, INSERT, UPDATE",
        ),
        Protect(
            "wallet_paymentrequestchange",
            policies=[
                Policy("party", "SELECT", using="exists (select from wallet_paymentrequest r where r.id = request_id)"),
            ],
            authenticated="SELECT",
            service="SELECT, INSERT",
        ),
        Protect(
            "wallet_splitbill",
            policies=[Policy("own", "SELECT", using=OWN)],
            authenticated="SELECT",
            service="SELECT, INSERT",
        ),
        Protect(
            "wallet_paylink",
            policies=[Policy("own", "SELECT", using=OWN)],
            authenticated="SELECT",
            service="SELECT, INSERT, UPDATE (revoked_at)",
        ),
        migrations.RunSQL(NEVER_CHANGED, migrations.RunSQL.noop),
    ]
