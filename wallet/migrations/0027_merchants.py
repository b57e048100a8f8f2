import core.ids
import django.db.models.deletion
import wallet.models.merchants
from django.conf import settings
from django.db import migrations, models

from core.rls import Policy, Protect

MINE = "organization_id = any (array (select auth.organizations()))"


def of_members(table, service):
    """Its organisation's members and keys read it; the service alone writes."""
    return Protect(
        table, policies=[Policy("members", "SELECT", using=MINE)], authenticated="SELECT", service=service
    )


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0030_referrals'),
        ('wallet', '0025_claims_by_two_people'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Merchant',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('display_name', models.CharField(max_length=60)),
                ('category', models.CharField(choices=[('RETAIL', 'Shop'), ('FOOD', 'Food and drink'), ('FASHION', 'Clothes and fabric'), ('SERVICES', 'Services'), ('EDUCATION', 'School and courses'), ('HEALTH', 'Health'), ('TRANSPORT', 'Transport'), ('GIVING', 'Gifts and donations'), ('OTHER', 'Something else')], max_length=20)),
                ('support_email', models.EmailField(max_length=254)),
                ('support_phone', models.CharField(blank=True, max_length=20)),
                ('state', models.CharField(choices=[('APPLIED', 'Applied'), ('ACTIVE', 'Active'), ('SUSPENDED', 'Suspended')], default='APPLIED', max_length=10)),
                ('reason', models.CharField(blank=True, max_length=500)),
                ('applied_at', models.DateTimeField()),
                ('decided_at', models.DateTimeField(null=True)),
                ('account', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='merchant', to='wallet.account')),
                ('organization', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='merchant', to='accounts.organization')),
                ('own_gateway', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='wallet.paymentgateway')),
            ],
            options={
                'verbose_name': 'merchant',
                'verbose_name_plural': 'merchants',
                'permissions': [('decide_merchant', 'Can let a merchant take money, and suspend it')],
                'constraints': [models.UniqueConstraint(fields=('own_gateway',), name='merchant_gateway_of_one')],
            },
        ),
        migrations.CreateModel(
            name='PaymentLink',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('slug', models.CharField(default=wallet.models.merchants.new_slug, editable=False, max_length=12, unique=True)),
                ('title', models.CharField(max_length=80)),
                ('description', models.CharField(blank=True, max_length=500)),
                ('success_message', models.CharField(blank=True, max_length=300)),
                ('amount', models.BigIntegerField(null=True)),
                ('single_use', models.BooleanField(default=False)),
                ('state', models.CharField(choices=[('ACTIVE', 'Open'), ('PAUSED', 'Paused'), ('USED', 'Paid')], default='ACTIVE', max_length=8)),
                ('created_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField(null=True)),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('currency', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to='wallet.currency')),
                ('merchant', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='links', to='wallet.merchant')),
                ('organization', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organization')),
            ],
            options={
                'verbose_name': 'payment link',
                'verbose_name_plural': 'payment links',
            },
        ),
        migrations.CreateModel(
            name='MerchantPayment',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('token', models.CharField(default=wallet.models.merchants.new_token, editable=False, max_length=40, unique=True)),
                ('method', models.CharField(choices=[('WALLET', 'From an Alajo account'), ('CARD', 'By card or bank')], max_length=6)),
                ('payer_name', models.CharField(blank=True, max_length=80)),
                ('payer_email', models.EmailField(blank=True, max_length=254)),
                ('note', models.CharField(blank=True, max_length=140)),
                ('amount', models.BigIntegerField()),
                ('fee', models.BigIntegerField(default=0)),
                ('quote', models.JSONField(default=dict)),
                ('refunded', models.BigIntegerField(default=0)),
                ('at_own_gateway', models.BooleanField(default=False)),
                ('is_extra', models.BooleanField(default=False)),
                ('posting_id', models.UUIDField(default=core.ids.posting_id, editable=False, unique=True)),
                ('state', models.CharField(choices=[('INTENT', 'Started'), ('PAID', 'Paid'), ('PARTLY_REFUNDED', 'Partly paid back'), ('REFUNDED', 'Paid back'), ('REVIEW', 'Being looked into'), ('FAILED', 'Not paid'), ('EXPIRED', 'Expired')], default='INTENT', max_length=16)),
                ('created_at', models.DateTimeField()),
                ('paid_at', models.DateTimeField(null=True)),
                ('currency', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to='wallet.currency')),
                ('merchant', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='payments', to='wallet.merchant')),
                ('organization', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organization')),
                ('payer', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('payment', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='sold', to='wallet.payment')),
                ('link', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='payments', to='wallet.paymentlink')),
            ],
            options={
                'verbose_name': 'merchant payment',
                'verbose_name_plural': 'merchant payments',
            },
        ),
        migrations.CreateModel(
            name='MerchantRefund',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('posting_id', models.UUIDField(unique=True)),
                ('amount', models.BigIntegerField()),
                ('reason', models.CharField(blank=True, max_length=140)),
                ('created_at', models.DateTimeField()),
                ('made_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('organization', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organization')),
                ('payment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='refunds', to='wallet.merchantpayment')),
            ],
            options={
                'verbose_name': 'merchant refund',
                'verbose_name_plural': 'merchant refunds',
                'indexes': [models.Index(fields=['organization', '-id'], name='merchant_refund_of_org')],
                'constraints': [models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='merchant_refund_amount')],
            },
        ),
        migrations.CreateModel(
            name='MerchantSettlement',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('posting_id', models.UUIDField(unique=True)),
                ('amount', models.BigIntegerField()),
                ('created_at', models.DateTimeField()),
                ('made_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('merchant', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='settlements', to='wallet.merchant')),
                ('organization', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.organization')),
            ],
            options={
                'verbose_name': 'merchant settlement',
                'verbose_name_plural': 'merchant settlements',
                'indexes': [models.Index(fields=['organization', '-id'], name='merchant_settlement_of_org')],
                'constraints': [models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='merchant_settlement_amount')],
            },
        ),
        migrations.AddIndex(
            model_name='paymentlink',
            index=models.Index(fields=['merchant', '-id'], name='payment_link_of_merchant'),
        ),
        migrations.AddIndex(
            model_name='paymentlink',
            index=models.Index(fields=['organization', '-id'], name='payment_link_of_org'),
        ),
        migrations.AddConstraint(
            model_name='paymentlink',
            constraint=models.CheckConstraint(condition=models.Q(('amount__isnull', True), ('amount__gt', 0), _connector='OR'), name='payment_link_amount'),
        ),
        migrations.AddConstraint(
            model_name='paymentlink',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'USED'), _negated=True), ('single_use', True), _connector='OR'), name='payment_link_used_once'),
        ),
        migrations.AddIndex(
            model_name='merchantpayment',
            index=models.Index(fields=['merchant', '-id'], name='merchant_payment_of_merchant'),
        ),
        migrations.AddIndex(
            model_name='merchantpayment',
            index=models.Index(fields=['organization', '-id'], name='merchant_payment_of_org'),
        ),
        migrations.AddIndex(
            model_name='merchantpayment',
            index=models.Index(fields=['link', '-id'], name='merchant_payment_of_link'),
        ),
        migrations.AddIndex(
            model_name='merchantpayment',
            index=models.Index(condition=models.Q(('paid_at__isnull', False)), fields=['merchant', 'paid_at'], name='merchant_payment_by_day'),
        ),
        migrations.AddConstraint(
            model_name='merchantpayment',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gt', 0), ('fee__gte', 0), ('refunded__gte', 0), ('refunded__lte', models.F('amount'))), name='merchant_payment_amounts'),
        ),
        migrations.AddConstraint(
            model_name='merchantpayment',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('method', 'CARD'), ('payer_email__gt', ''), ('payment__isnull', False)), models.Q(('method', 'WALLET'), ('payer__isnull', False), ('payment__isnull', True)), _connector='OR'), name='merchant_payment_by'),
        ),
        migrations.AddConstraint(
            model_name='merchantpayment',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('paid_at__isnull', False), ('state__in', ['PAID', 'PARTLY_REFUNDED', 'REFUNDED'])), models.Q(models.Q(('state__in', ['PAID', 'PARTLY_REFUNDED', 'REFUNDED']), _negated=True), ('paid_at__isnull', True)), _connector='OR'), name='merchant_payment_paid_at'),
        ),
        of_members("wallet_merchant", "SELECT, INSERT, UPDATE"),
        of_members("wallet_paymentlink", "SELECT, INSERT, UPDATE"),
        of_members("wallet_merchantpayment", "SELECT, INSERT, UPDATE"),
        of_members("wallet_merchantrefund", "SELECT, INSERT"),
        of_members("wallet_merchantsettlement", "SELECT, INSERT"),
    ]
