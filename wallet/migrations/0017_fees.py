from datetime import date
from decimal import Decimal

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

from core.rls import Policy, Protect
from core.sql import read
from wallet import sql

NAIRA = 100
ALL = [Policy("all", "SELECT", using="true")]

CAPS = (
    "CBN Guide to Charges, 1 January 2020: transfers below N5,000 N10, to N50,000 N25, above N50; exactly N5,000 is left open "
    "and costs N10 here"
)
VAT_2019 = "VAT 5% until 31 January 2020"
VAT_2020 = "Finance Act 2019: VAT 7.5% from 1 February 2020"
EMTL = "Finance Act 2020, electronic money transfer levy: N50 on N10,000 and above, borne by the receiver, to 31 December 2025"
DUTY = (
    "Nigeria Tax Act 2025, from 1 January 2026: stamp duty of N50 on transfers of N10,000 and above, borne by the sender; "
    "salaries and own accounts in the same bank are exempt"
)
OWN = "The operator's own price"

BANDS = [
    {"charge": "FEE", "from_amount": 0, "flat": 10 * NAIRA},
    {"charge": "FEE", "from_amount": 5_000 * NAIRA + 1, "flat": 25 * NAIRA},
    {"charge": "FEE", "from_amount": 50_000 * NAIRA + 1, "flat": 50 * NAIRA},
]
EXEMPT = ["SALARY", "OWN_ACCOUNT"]
LEVY = {"charge": "LEVY", "from_amount": 10_000 * NAIRA, "flat": 50 * NAIRA, "waived_for": EXEMPT}
STAMP_DUTY = {**LEVY, "charge": "STAMP_DUTY"}
SHARE = {"charge": "FEE", "rate": Decimal("0.015"), "maximum": 2_000 * NAIRA}
MERCHANT = [{**SHARE, "from_amount": 0}, {**SHARE, "from_amount": 2_500 * NAIRA, "flat": 100 * NAIRA}]

OLD_TAX, TAX = Decimal("0.05"), Decimal("0.075")
FIRST, TAXED, LEVIED, DUTIED = date(2020, 1, 1), date(2020, 2, 1), date(2021, 1, 1), date(2026, 1, 1)
SCHEDULES = [
    ("TRANSFER", LEVIED, TAX, EMTL, [LEVY]),
    ("TRANSFER", DUTIED, TAX, DUTY, [STAMP_DUTY]),
    *[
        row
        for kind in ("WITHDRAWAL", "PAYOUT")
        for row in (
            (kind, FIRST, OLD_TAX, f"{CAPS}. {VAT_2019}", BANDS),
            (kind, TAXED, TAX, f"{CAPS}. {VAT_2020}", BANDS),
            (kind, DUTIED, TAX, f"{CAPS}. {VAT_2020}. {DUTY}", [*BANDS, STAMP_DUTY]),
        )
    ],
    ("MERCHANT_PAYMENT", TAXED, TAX, f"{OWN}. {VAT_2020}", MERCHANT),
]


def seed(apps, schema_editor):
    alias = schema_editor.connection.alias
    schedules = apps.get_model("wallet", "FeeSchedule").objects.using(alias)
    rules = apps.get_model("wallet", "FeeRule").objects.using(alias)
    for kind, from_date, tax_rate, source, bands in SCHEDULES:
        schedule = schedules.create(
            kind=kind, currency_id="NGN", from_date=from_date, tax_rate=tax_rate, source=source
        )
        for band in bands:
            rules.create(schedule=schedule, **band)


class Migration(migrations.Migration):

    dependencies = [
        ('wallet', '0015_by_two_people'),
    ]

    operations = [
        migrations.CreateModel(
            name='FeeSchedule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('TRANSFER', 'Transfer to a person'), ('WITHDRAWAL', 'Withdrawal to a bank'), ('DEPOSIT', 'Money added'), ('MERCHANT_PAYMENT', 'Payment to a merchant'), ('PAYOUT', 'Payout from a list')], max_length=20)),
                ('tier', models.PositiveSmallIntegerField(null=True)),
                ('from_date', models.DateField()),
                ('tax_rate', models.DecimalField(decimal_places=5, default=0, max_digits=6)),
                ('source', models.CharField(max_length=500)),
                ('made_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('currency', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to='wallet.currency')),
            ],
            options={
                'verbose_name': 'fee schedule',
                'verbose_name_plural': 'fee schedules',
                'constraints': [
                    models.UniqueConstraint(fields=('kind', 'currency', 'tier', 'from_date'), name='fee_schedule_once', nulls_distinct=False),
                    models.CheckConstraint(condition=models.Q(('tax_rate__range', (0, 1))), name='fee_schedule_tax_rate'),
                ],
            },
        ),
        migrations.CreateModel(
            name='FeeRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('charge', models.CharField(choices=[('FEE', 'Fee'), ('STAMP_DUTY', 'Stamp duty'), ('LEVY', 'Levy, borne by who receives')], max_length=10)),
                ('from_amount', models.BigIntegerField(default=0)),
                ('flat', models.BigIntegerField(default=0)),
                ('rate', models.DecimalField(decimal_places=7, default=0, max_digits=8)),
                ('minimum', models.BigIntegerField(default=0)),
                ('maximum', models.BigIntegerField(null=True)),
                ('waived_for', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('SALARY', 'Salary'), ('OWN_ACCOUNT', 'Own account in the same bank')], max_length=20), default=list, size=None)),
                ('schedule', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='rules', to='wallet.feeschedule')),
            ],
            options={
                'verbose_name': 'fee rule',
                'verbose_name_plural': 'fee rules',
                'constraints': [
                    models.UniqueConstraint(fields=('schedule', 'charge', 'from_amount'), name='fee_rule_once'),
                    models.CheckConstraint(condition=models.Q(('rate__range', (0, 1))), name='fee_rule_rate'),
                    models.CheckConstraint(condition=models.Q(('maximum', None), ('maximum__gte', models.F('minimum')), _connector='OR'), name='fee_rule_bounds'),
                    models.CheckConstraint(condition=models.Q(('from_amount__range', (0, 1000000000000000000))), name='fee_rule_from_amount'),
                    models.CheckConstraint(condition=models.Q(('flat__range', (0, 1000000000000000000))), name='fee_rule_flat'),
                    models.CheckConstraint(condition=models.Q(('minimum__range', (0, 1000000000000000000))), name='fee_rule_minimum'),
                    models.CheckConstraint(condition=models.Q(('maximum__range', (0, 1000000000000000000))), name='fee_rule_maximum'),
                ],
            },
        ),
        Protect("wallet_feeschedule", policies=ALL, authenticated="SELECT", service="SELECT, INSERT"),
        Protect("wallet_feerule", policies=ALL, authenticated="SELECT", service="SELECT, INSERT"),
        migrations.RunSQL(
            read(sql.__file__, "fees"),
            "drop trigger dated on wallet_feeschedule; drop trigger whole on wallet_feerule;"
            "drop function wallet.schedule_is_dated(); drop function wallet.rule_comes_with_its_schedule();",
        ),
        migrations.RunPython(seed, migrations.RunPython.noop),
    ]
