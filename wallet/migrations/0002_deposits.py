import core.ids
import django.db.models.deletion
from django.db import migrations, models

from core.rls import Policy, Protect, ServiceOnly


class Migration(migrations.Migration):

    dependencies = [
        ('wallet', '0001_ledger'),
    ]

    operations = [
        migrations.CreateModel(
            name='PaymentGateway',
            fields=[
                ('code', models.SlugField(max_length=30, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('PAYSTACK', 'Paystack')], max_length=20)),
                ('name', models.CharField(max_length=60)),
                ('currencies', models.JSONField(default=list)),
                ('priority', models.PositiveSmallIntegerField(default=100)),
                ('fee_percent', models.DecimalField(decimal_places=3, default=0, max_digits=6)),
                ('fee_flat', models.BigIntegerField(default=0)),
                ('fee_cap', models.BigIntegerField(null=True)),
                ('active', models.BooleanField(default=True)),
                ('credentials', models.TextField()),
            ],
            options={
                'verbose_name': 'payment gateway',
                'verbose_name_plural': 'payment gateways',
            },
        ),
        migrations.CreateModel(
            name='Payment',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('posting_id', models.UUIDField(default=core.ids.posting_id, editable=False, unique=True)),
                ('reference', models.CharField(max_length=50)),
                ('amount', models.BigIntegerField()),
                ('fee', models.BigIntegerField(null=True)),
                ('state', models.CharField(choices=[('INTENT', 'Started'), ('PENDING', 'Waiting for payment'), ('SUCCEEDED', 'Paid'), ('HELD', 'Paid, waiting for an upgrade'), ('REVIEW', 'Being looked into'), ('FAILED', 'Not paid'), ('EXPIRED', 'Expired')], default='INTENT', max_length=10)),
                ('reason', models.CharField(blank=True, max_length=200)),
                ('checkout_url', models.URLField(blank=True, max_length=500)),
                ('checks', models.PositiveSmallIntegerField(default=0)),
                ('next_check_at', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('expires_at', models.DateTimeField()),
                ('settled_at', models.DateTimeField(null=True)),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='payments', to='wallet.account')),
                ('currency', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to='wallet.currency')),
                ('gateway', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='payments', to='wallet.paymentgateway')),
            ],
            options={
                'verbose_name': 'payment',
                'verbose_name_plural': 'payments',
            },
        ),
        migrations.CreateModel(
            name='WebhookEvent',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('event', models.CharField(max_length=100)),
                ('reference', models.CharField(blank=True, max_length=100)),
                ('dedupe_key', models.CharField(max_length=300)),
                ('body', models.BinaryField()),
                ('state', models.CharField(choices=[('RECEIVED', 'Waiting'), ('PROCESSED', 'Processed'), ('IGNORED', 'Nothing to do'), ('FAILED', 'Failed, will be tried again')], default='RECEIVED', max_length=10)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('error', models.TextField(blank=True)),
                ('received_at', models.DateTimeField(auto_now_add=True)),
                ('processed_at', models.DateTimeField(null=True)),
                ('gateway', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='wallet.paymentgateway')),
            ],
            options={
                'verbose_name': 'webhook',
                'verbose_name_plural': 'webhooks',
            },
        ),
        migrations.CreateModel(
            name='Case',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('WRONG_AMOUNT', 'Wrong amount'), ('WRONG_CURRENCY', 'Wrong currency'), ('UNKNOWN_REFERENCE', 'Unknown reference'), ('LATE_PAYMENT', 'Account cannot take it')], max_length=20)),
                ('state', models.CharField(choices=[('OPEN', 'Open'), ('CLOSED', 'Closed')], default='OPEN', max_length=8)),
                ('reference', models.CharField(max_length=100)),
                ('data', models.JSONField(default=dict)),
                ('opened_at', models.DateTimeField(auto_now_add=True)),
                ('payment', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='cases', to='wallet.payment')),
            ],
            options={
                'verbose_name': 'case',
                'verbose_name_plural': 'cases',
                'constraints': [models.UniqueConstraint(fields=('kind', 'reference'), name='case_once')],
            },
        ),
        migrations.AddIndex(
            model_name='payment',
            index=models.Index(fields=['account', '-id'], name='payment_of_account'),
        ),
        migrations.AddIndex(
            model_name='payment',
            index=models.Index(condition=models.Q(('next_check_at__isnull', False)), fields=['next_check_at'], name='payment_to_check'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.UniqueConstraint(fields=('gateway', 'reference'), name='payment_reference_once'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='payment_amount_positive'),
        ),
        migrations.AddIndex(
            model_name='webhookevent',
            index=models.Index(condition=models.Q(('state__in', ['RECEIVED', 'FAILED'])), fields=['received_at'], name='webhook_waiting'),
        ),
        migrations.AddConstraint(
            model_name='webhookevent',
            constraint=models.UniqueConstraint(fields=('gateway', 'dedupe_key'), name='webhook_once'),
        ),
        migrations.AddIndex(
            model_name='webhookevent',
            index=models.Index(fields=['reference'], name='webhook_by_reference'),
        ),
        ServiceOnly("wallet_paymentgateway", service="SELECT, INSERT, UPDATE"),
        Protect(
            "wallet_payment",
            policies=[Policy("own", "SELECT", using="account_id = any ((select wallet.own_accounts())::uuid[])")],
            authenticated="SELECT",
            service="SELECT, INSERT, UPDATE",
        ),
        ServiceOnly("wallet_webhookevent", service="SELECT, INSERT, UPDATE"),
        ServiceOnly("wallet_case", service="SELECT, INSERT, UPDATE"),
    ]
