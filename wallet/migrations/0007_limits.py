from datetime import date

import django.contrib.postgres.fields
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

from core.history import Guard
from core.sql import read
from wallet import sql

# Functions whose arguments or results are others now; then all that a posting goes through, and what proves it.
GONE = """
set constraints all immediate;
drop function if exists wallet.put_back(uuid, text, bigint), wallet.release_overdue(uuid),
    wallet.close_hold(public.wallet_hold, text), wallet.require_active(), wallet.tier_cap(uuid, text);
"""
FUNCTIONS = read(
    sql.__file__,
    "columns", "parts", "counting", "post", "post_one", "accounts", "send", "reverse", "holds", "bulk", "archived", "verify", "limits",
)
# Back: the columns and functions stay, and nothing but the cap is limited any more.
BACK = """
drop trigger dated on public.wallet_tierrule;
drop trigger no_truncate on public.wallet_tierrule;
drop trigger follow_owner on public.accounts_customer;
drop view public.wallet_limitcounter;
create or replace function wallet.limited(p_account public.wallet_account, p_at timestamptz) returns public.wallet_account
language plpgsql stable set search_path = '' as $$
declare
    v_rule constant public.wallet_tierrule := wallet.rule_of(p_account.owner_id, p_account.currency_id, p_at);
begin
    p_account.cap := v_rule.balance_cap;
    return p_account;
end
$$;
update public.wallet_account set daily_sending = null, daily_receiving = null, single_amount = null, owner_state = 'ACTIVE';
"""

CBN_2017 = (
    "CBN BPS/DIR/GEN/CIR/04/007, 7 September 2017 (mobile-money wallets): cumulative transactions a day; whether what "
    "comes in counts is left to the operator, and here it does not"
)
CBN_2023 = (
    "CBN circular of 1 December 2023: BVN and/or NIN for tier 1, both above, accounts without one may not pay out from "
    "1 March 2024; amounts as of 2017. Selfie, address and document: the operator's own ladder"
)
NAIRA = 100
BASIC = ["PERSONAL", "BVN", "NIN", "ADDRESS", "BANK_ACCOUNT"]
# tier: naira a day, naira held, what it asks for since December 2023
TIERS = {
    1: (50_000, 300_000, ["BVN_OR_NIN"]),
    2: (200_000, 500_000, BASIC),
    3: (5_000_000, None, [*BASIC, "DOCUMENT", "SELFIE", "PROOF_OF_ADDRESS"]),
}


def seed(apps, schema_editor):
    rules = apps.get_model("wallet", "TierRule").objects.using(schema_editor.connection.alias)
    for tier, (daily, cap, requires) in TIERS.items():
        daily *= NAIRA
        cap = cap and cap * NAIRA
        rules.filter(tier=tier, currency_id="NGN", from_date=date(2017, 9, 7)).update(
            daily_sending=daily, source=CBN_2017
        )
        rules.create(
            tier=tier, currency_id="NGN", from_date=date(2023, 12, 1), daily_sending=daily, balance_cap=cap,
            requires=requires, grace_days=91, source=CBN_2023,
        )


def unseed(apps, schema_editor):
    rules = apps.get_model("wallet", "TierRule").objects.using(schema_editor.connection.alias)
    rules.filter(from_date=date(2023, 12, 1), source=CBN_2023).delete()


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0023_declared'),
        ('wallet', '0006_announcing'),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name='tierrule',
            name='insert_insert',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='tierrule',
            name='update_update',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='tierrule',
            name='delete_delete',
        ),
        migrations.AddField(
            model_name='tierrule',
            name='daily_receiving',
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='tierrule',
            name='daily_sending',
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='tierrule',
            name='grace_days',
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='tierrule',
            name='requires',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=20), default=list, size=None),
        ),
        migrations.AddField(
            model_name='tierrule',
            name='single_amount',
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='tierrulehistory',
            name='daily_receiving',
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='tierrulehistory',
            name='daily_sending',
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='tierrulehistory',
            name='grace_days',
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='tierrulehistory',
            name='requires',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=20), default=list, size=None),
        ),
        migrations.AddField(
            model_name='tierrulehistory',
            name='single_amount',
            field=models.BigIntegerField(null=True),
        ),
        migrations.AlterField(
            model_name='tierrule',
            name='source',
            field=models.CharField(max_length=500),
        ),
        migrations.AlterField(
            model_name='tierrulehistory',
            name='source',
            field=models.CharField(max_length=500),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='tierrule',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "wallet_tierrulehistory" ("balance_cap", "currency_id", "daily_receiving", "daily_sending", "from_date", "grace_days", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "requires", "single_amount", "source", "tier") VALUES (NEW."balance_cap", NEW."currency_id", NEW."daily_receiving", NEW."daily_sending", NEW."from_date", NEW."grace_days", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'insert\', NEW."id", NEW."requires", NEW."single_amount", NEW."source", NEW."tier"); RETURN NULL;', hash='f3f348094b9c48825e281ecebd9f149f092feecd', operation='INSERT', pgid='pgtrigger_insert_insert_308f5', table='wallet_tierrule', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='tierrule',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."balance_cap" IS DISTINCT FROM (NEW."balance_cap") OR OLD."currency_id" IS DISTINCT FROM (NEW."currency_id") OR OLD."daily_receiving" IS DISTINCT FROM (NEW."daily_receiving") OR OLD."daily_sending" IS DISTINCT FROM (NEW."daily_sending") OR OLD."from_date" IS DISTINCT FROM (NEW."from_date") OR OLD."grace_days" IS DISTINCT FROM (NEW."grace_days") OR OLD."requires" IS DISTINCT FROM (NEW."requires") OR OLD."single_amount" IS DISTINCT FROM (NEW."single_amount") OR OLD."source" IS DISTINCT FROM (NEW."source") OR OLD."tier" IS DISTINCT FROM (NEW."tier"))', func='INSERT INTO "wallet_tierrulehistory" ("balance_cap", "currency_id", "daily_receiving", "daily_sending", "from_date", "grace_days", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "requires", "single_amount", "source", "tier") VALUES (NEW."balance_cap", NEW."currency_id", NEW."daily_receiving", NEW."daily_sending", NEW."from_date", NEW."grace_days", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'update\', NEW."id", NEW."requires", NEW."single_amount", NEW."source", NEW."tier"); RETURN NULL;', hash='2a6f3c4635cac17cf1f64257dff7c06cd7c109d9', operation='UPDATE', pgid='pgtrigger_update_update_bd6bf', table='wallet_tierrule', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='tierrule',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "wallet_tierrulehistory" ("balance_cap", "currency_id", "daily_receiving", "daily_sending", "from_date", "grace_days", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "requires", "single_amount", "source", "tier") VALUES (OLD."balance_cap", OLD."currency_id", OLD."daily_receiving", OLD."daily_sending", OLD."from_date", OLD."grace_days", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'delete\', OLD."id", OLD."requires", OLD."single_amount", OLD."source", OLD."tier"); RETURN NULL;', hash='5eff11930852b09498fd85920a535482de59d729', operation='DELETE', pgid='pgtrigger_delete_delete_c6146', table='wallet_tierrule', when='AFTER')),
        ),
        migrations.AddConstraint(
            model_name='tierrule',
            constraint=models.CheckConstraint(condition=models.Q(('daily_sending__range', (0, 1000000000000000000))), name='tier_rule_daily_sending'),
        ),
        migrations.AddConstraint(
            model_name='tierrule',
            constraint=models.CheckConstraint(condition=models.Q(('daily_receiving__range', (0, 1000000000000000000))), name='tier_rule_daily_receiving'),
        ),
        migrations.AddConstraint(
            model_name='tierrule',
            constraint=models.CheckConstraint(condition=models.Q(('single_amount__range', (0, 1000000000000000000))), name='tier_rule_single_amount'),
        ),
        migrations.AddConstraint(
            model_name='tierrule',
            constraint=models.CheckConstraint(condition=models.Q(('balance_cap__range', (0, 1000000000000000000))), name='tier_rule_balance_cap'),
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name='LimitCounter',
                    fields=[
                        ('pk', models.CompositePrimaryKey('account_id', 'kind', blank=True, editable=False, primary_key=True, serialize=False)),
                        ('kind', models.TextField(choices=[('SENDING', 'Sending'), ('RECEIVING', 'Receiving')])),
                        ('day', models.DateField()),
                        ('used', models.BigIntegerField()),
                        ('limit', models.BigIntegerField(null=True)),
                        ('resets_at', models.DateTimeField()),
                    ],
                    options={
                        'db_table': 'wallet_limitcounter',
                        'managed': False,
                    },
                ),
                migrations.AddField(
                    model_name='account',
                    name='counted_until',
                    field=models.DateTimeField(null=True),
                ),
                migrations.AddField(
                    model_name='account',
                    name='daily_receiving',
                    field=models.BigIntegerField(null=True),
                ),
                migrations.AddField(
                    model_name='account',
                    name='daily_sending',
                    field=models.BigIntegerField(null=True),
                ),
                migrations.AddField(
                    model_name='account',
                    name='owner_state',
                    field=models.TextField(choices=[('ACTIVE', 'Active'), ('NO_DEBIT', 'Nothing goes out'), ('NO_CREDIT', 'Nothing comes in'), ('FROZEN', 'Frozen'), ('LOCKED', 'Locked'), ('CLOSED', 'Closed')], default='ACTIVE'),
                ),
                migrations.AddField(
                    model_name='account',
                    name='received',
                    field=models.BigIntegerField(null=True),
                ),
                migrations.AddField(
                    model_name='account',
                    name='sent',
                    field=models.BigIntegerField(null=True),
                ),
                migrations.AddField(
                    model_name='account',
                    name='single_amount',
                    field=models.BigIntegerField(null=True),
                ),
            ],
        ),
        Guard("wallet_tierrulehistory", rows="wallet_tierrule"),
        migrations.RunPython(seed, unseed),
        migrations.RunSQL(GONE + FUNCTIONS, BACK),
    ]
