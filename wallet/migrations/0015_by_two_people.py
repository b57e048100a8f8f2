from datetime import date

import django.db.models.deletion
from django.db import migrations, models

from core.rls import ServiceOnly

NAIRA = 100
# From which amount an action takes how many checkers.
BANDS = [
    ("wallet.adjustment", 0, 1),
    ("wallet.adjustment", 1_000_000 * NAIRA, 2),
    ("wallet.reversal", 0, 1),
    ("wallet.reversal", 1_000_000 * NAIRA, 2),
]
HOURS = 72
# A rule is only ever followed by one of a later day, and from here on made by two people.
RULES = """
create trigger append_only before update or delete on wallet_reversalrule
    for each row execute function core.append_only();
create trigger no_truncate before truncate on wallet_reversalrule
    for each statement execute function core.append_only();
create trigger by_two_people before insert on wallet_tierrule
    for each row execute function public.accounts_by_two_people('wallet.tier_rule');
create trigger by_two_people before insert on wallet_coolingoffrule
    for each row execute function public.accounts_by_two_people('wallet.cooling_off_rule');
create trigger by_two_people before insert on wallet_reversalrule
    for each row execute function public.accounts_by_two_people('wallet.reversal_rule');
"""
BACK = """
drop trigger by_two_people on wallet_tierrule;
drop trigger by_two_people on wallet_coolingoffrule;
"""


def seed(apps, schema_editor):
    using = schema_editor.connection.alias
    bands = apps.get_model("accounts", "ApprovalBand").objects.using(using)
    for action, least, needed in BANDS:
        bands.create(action=action, from_amount=least, approvals_needed=needed, expires_hours=HOURS)
    apps.get_model("wallet", "ReversalRule").objects.using(using).create(
        currency_id="NGN", from_date=date(2026, 1, 1), amount=50_000 * NAIRA, source="The operator's own rule"
    )


def unseed(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("alter table accounts_approvalband disable trigger append_only")
        cursor.execute("delete from accounts_approvalband where action like 'wallet.%'")
        cursor.execute("alter table accounts_approvalband enable trigger append_only")


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0032_by_two_people'),
        ('wallet', '0011_more_kinds'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='paymentgateway',
            options={'permissions': [('propose_credentials', 'Can propose new credentials of a gateway'), ('approve_credentials', 'Can approve new credentials of a gateway')], 'verbose_name': 'payment gateway', 'verbose_name_plural': 'payment gateways'},
        ),
        migrations.AlterModelOptions(
            name='tierrule',
            options={'permissions': [('propose_limits', 'Can propose limits'), ('approve_limits', 'Can approve limits')], 'verbose_name': 'tier rule', 'verbose_name_plural': 'tier rules'},
        ),
        migrations.AlterModelOptions(
            name='transaction',
            options={'permissions': [('propose_adjustment', 'Can propose adjustments'), ('approve_adjustment', 'Can approve adjustments'), ('reverse_posting', 'Can reverse small postings and propose reversals'), ('approve_reversal', 'Can approve reversals')], 'verbose_name': 'transaction', 'verbose_name_plural': 'transactions'},
        ),
        migrations.AddField(
            model_name='coolingoffrule',
            name='approval',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.approval'),
        ),
        migrations.AddField(
            model_name='tierrule',
            name='approval',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.approval'),
        ),
        migrations.CreateModel(
            name='ReversalRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('from_date', models.DateField()),
                ('amount', models.BigIntegerField()),
                ('source', models.CharField(max_length=500)),
                ('approval', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.approval')),
                ('currency', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, to='wallet.currency')),
            ],
            options={
                'verbose_name': 'rule on reversals',
                'verbose_name_plural': 'rules on reversals',
                'constraints': [models.UniqueConstraint(fields=('currency', 'from_date'), name='reversal_rule_once'), models.CheckConstraint(condition=models.Q(('amount__range', (0, 1000000000000000000))), name='reversal_rule_amount')],
            },
        ),
        ServiceOnly("wallet_reversalrule", service="SELECT, INSERT"),
        migrations.RunPython(seed, unseed),
        migrations.RunSQL(RULES, BACK),
    ]
