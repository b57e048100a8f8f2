from datetime import date

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from core.rls import Policy, Protect
from core.sql import read
from wallet import sql


CREATE = read(
    sql.__file__,
    "tables", "parts", "counting", "post", "post_one", "accounts", "send", "reverse", "holds", "bulk", "entry", "archived", "history", "hot", "past", "seal", "verify", "rights",
)

# BPS/DIR/GEN/CIR/04/007 of 7 September 2017, mobile-money wallets; kobo, none for tier 3.
CBN_2017 = "CBN BPS/DIR/GEN/CIR/04/007, 7 September 2017"
TIERS = [(1, 30_000_000), (2, 50_000_000), (3, None)]
# Asset and expense accounts stand on the debit side, what we owe and earn on the credit side. All are hot.
SYSTEM = [
    ("PAYSTACK_CLEARING", "CLEARING", "DEBIT"),
    ("GATEWAY_FEES", "FEE_EXPENSE", "DEBIT"),
    ("FEE_INCOME", "FEE_INCOME", "CREDIT"),
    ("VAT_PAYABLE", "VAT_PAYABLE", "CREDIT"),
    ("SUSPENSE", "SUSPENSE", "CREDIT"),
    ("EQUITY", "EQUITY", "CREDIT"),
]


def seed(apps, schema_editor):
    owner = schema_editor.connection.alias
    apps.get_model("wallet", "Currency").objects.using(owner).create(code="NGN", minor_units=2, name="Nigerian naira")
    for tier, cap in TIERS:
        apps.get_model("wallet", "TierRule").objects.using(owner).create(
            tier=tier, currency_id="NGN", from_date=date(2017, 9, 7), balance_cap=cap, source=CBN_2017
        )
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("INSERT INTO wallet_follower VALUES ('notices', '0')")
        for code, kind, side in SYSTEM:
            cursor.execute("SELECT wallet.open_system_account(%s, %s, 'NGN', %s)", [code, kind, side])


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0002_row_security'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(CREATE, migrations.RunSQL.noop),
                migrations.RunSQL("SELECT partitions.ensure('wallet_transaction', now(), 3)", migrations.RunSQL.noop),
            ],
            state_operations=[
                migrations.CreateModel(
                    name='Transaction',
                    fields=[
                        ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                        ('posting_id', models.UUIDField()),
                        ('amount', models.BigIntegerField()),
                        ('debit_version', models.BigIntegerField(null=True)),
                        ('debit_balance', models.BigIntegerField(null=True)),
                        ('credit_version', models.BigIntegerField(null=True)),
                        ('credit_balance', models.BigIntegerField(null=True)),
                        ('effective_at', models.DateTimeField()),
                        ('recorded_at', models.DateTimeField()),
                        ('hold_id', models.UUIDField(null=True)),
                        ('reverses', models.UUIDField(null=True)),
                        ('actor_id', models.UUIDField(null=True)),
                        ('currency', models.CharField(max_length=3)),
                        ('digest', models.BinaryField()),
                        ('kind', models.TextField()),
                        ('description', models.TextField(default='')),
                    ],
                    options={
                        'verbose_name': 'transaction',
                        'verbose_name_plural': 'transactions',
                        'db_table': 'wallet_transaction',
                    },
                ),
                migrations.CreateModel(
                    name='Account',
                    fields=[
                        ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                        ('balance', models.BigIntegerField(default=0)),
                        ('held', models.BigIntegerField(default=0)),
                        ('version', models.BigIntegerField(default=0)),
                        ('floor', models.BigIntegerField(null=True)),
                        ('cap', models.BigIntegerField(null=True)),
                        ('hot', models.BooleanField(default=False)),
                        ('normal_side', models.TextField(choices=[('DEBIT', 'Debit'), ('CREDIT', 'Credit')])),
                        ('state', models.TextField(choices=[('ACTIVE', 'Active'), ('NO_DEBIT', 'Nothing goes out'), ('NO_CREDIT', 'Nothing comes in'), ('FROZEN', 'Frozen'), ('CLOSED', 'Closed')], default='ACTIVE')),
                        ('kind', models.TextField(choices=[('WALLET', 'Wallet'), ('HELD', 'Waiting for an upgrade'), ('SUSPENSE', 'Suspense'), ('CLEARING', 'Gateway clearing'), ('FEE_EXPENSE', 'Fees we pay'), ('FEE_INCOME', 'Fees we earn'), ('VAT_PAYABLE', 'VAT we owe'), ('EQUITY', 'Equity')])),
                        ('code', models.TextField(default='')),
                        ('opened_at', models.DateTimeField()),
                        ('closed_at', models.DateTimeField(null=True)),
                        ('owner', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ],
                    options={
                        'verbose_name': 'account',
                        'verbose_name_plural': 'accounts',
                        'db_table': 'wallet_account',
                    },
                ),
                migrations.CreateModel(
                    name='Currency',
                    fields=[
                        ('code', models.CharField(max_length=3, primary_key=True, serialize=False)),
                        ('minor_units', models.SmallIntegerField()),
                        ('name', models.TextField()),
                    ],
                    options={
                        'verbose_name': 'currency',
                        'verbose_name_plural': 'currencies',
                        'db_table': 'wallet_currency',
                    },
                ),
                migrations.CreateModel(
                    name='Reversal',
                    fields=[
                        ('posting_id', models.UUIDField(primary_key=True, serialize=False)),
                        ('reversed_by', models.UUIDField(unique=True)),
                        ('actor_id', models.UUIDField(null=True)),
                        ('created_at', models.DateTimeField()),
                    ],
                    options={
                        'db_table': 'wallet_reversal',
                    },
                ),
                migrations.CreateModel(
                    name='Seal',
                    fields=[
                        ('number', models.BigIntegerField(primary_key=True, serialize=False)),
                        ('rows', models.BigIntegerField()),
                        ('previous', models.BinaryField()),
                        ('head', models.BinaryField()),
                        ('sealed_at', models.DateTimeField()),
                    ],
                    options={
                        'db_table': 'wallet_seal',
                    },
                ),
                migrations.CreateModel(
                    name='Entry',
                    fields=[
                        ('transaction', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, primary_key=True, related_name='+', serialize=False, to='wallet.transaction')),
                        ('posting_id', models.UUIDField()),
                        ('side', models.TextField(choices=[('DEBIT', 'Debit'), ('CREDIT', 'Credit')])),
                        ('amount', models.BigIntegerField()),
                        ('change', models.BigIntegerField()),
                        ('currency', models.CharField(max_length=3)),
                        ('version', models.BigIntegerField(null=True)),
                        ('balance', models.BigIntegerField(null=True)),
                        ('kind', models.TextField()),
                        ('description', models.TextField()),
                        ('effective_at', models.DateTimeField()),
                        ('recorded_at', models.DateTimeField()),
                        ('hold_id', models.UUIDField(null=True)),
                        ('reverses', models.UUIDField(null=True)),
                        ('actor_id', models.UUIDField(null=True)),
                    ],
                    options={
                        'verbose_name': 'entry',
                        'verbose_name_plural': 'entries',
                        'db_table': 'wallet_entry',
                        'managed': False,
                    },
                ),
                migrations.AddField(
                    model_name='transaction',
                    name='credit_account',
                    field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='wallet.account'),
                ),
                migrations.AddField(
                    model_name='transaction',
                    name='debit_account',
                    field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='wallet.account'),
                ),
                migrations.CreateModel(
                    name='Checkpoint',
                    fields=[
                        ('id', models.BigAutoField(primary_key=True, serialize=False)),
                        ('balance', models.BigIntegerField()),
                        ('entries', models.BigIntegerField()),
                        ('made_at', models.DateTimeField()),
                        ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='wallet.account')),
                    ],
                    options={
                        'db_table': 'wallet_checkpoint',
                    },
                ),
                migrations.AddField(
                    model_name='account',
                    name='currency',
                    field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to='wallet.currency'),
                ),
                migrations.CreateModel(
                    name='Hold',
                    fields=[
                        ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                        ('amount', models.BigIntegerField()),
                        ('committed', models.BigIntegerField(default=0)),
                        ('state', models.TextField(choices=[('OPEN', 'Open'), ('COMMITTED', 'Committed'), ('RELEASED', 'Released'), ('EXPIRED', 'Expired')], default='OPEN')),
                        ('reason', models.TextField(default='')),
                        ('expires_at', models.DateTimeField(null=True)),
                        ('actor_id', models.UUIDField(null=True)),
                        ('created_at', models.DateTimeField()),
                        ('closed_at', models.DateTimeField(null=True)),
                        ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='holds', to='wallet.account')),
                    ],
                    options={
                        'verbose_name': 'hold',
                        'verbose_name_plural': 'holds',
                        'db_table': 'wallet_hold',
                    },
                ),
            ],
        ),
        migrations.CreateModel(
            name='TierRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('tier', models.PositiveSmallIntegerField()),
                ('from_date', models.DateField()),
                ('balance_cap', models.BigIntegerField(null=True)),
                ('source', models.CharField(max_length=200)),
                ('currency', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to='wallet.currency')),
            ],
            options={
                'verbose_name': 'tier rule',
                'verbose_name_plural': 'tier rules',
                'constraints': [models.UniqueConstraint(fields=('tier', 'currency', 'from_date'), name='tier_rule_once')],
            },
        ),
        Protect(
            "wallet_currency",
            policies=[Policy("all", "SELECT", using="true"), Policy("all too", "SELECT", using="true", role="anon")],
            authenticated="SELECT",
            anon="SELECT",
            service="SELECT",
        ),
        Protect(
            "wallet_tierrule",
            policies=[Policy("all", "SELECT", using="true")],
            authenticated="SELECT",
        ),
        migrations.RunPython(seed, migrations.RunPython.noop),
    ]
