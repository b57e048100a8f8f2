import django.db.models.deletion
import pghistory.utils
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

from core.history import Guard


class Migration(migrations.Migration):

    dependencies = [
        ('wallet', '0002_deposits'),
    ]

    operations = [
        migrations.CreateModel(
            name='PaymentGatewayHistory',
            fields=[
                ('pgh_id', models.BigAutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_context', pghistory.utils.JSONField(null=True)),
                ('kind', models.CharField(choices=[('PAYSTACK', 'Paystack')], max_length=20)),
                ('name', models.CharField(max_length=60)),
                ('currencies', models.JSONField(default=list)),
                ('priority', models.PositiveSmallIntegerField(default=100)),
                ('fee_percent', models.DecimalField(decimal_places=3, default=0, max_digits=6)),
                ('fee_flat', models.BigIntegerField(default=0)),
                ('fee_cap', models.BigIntegerField(null=True)),
                ('active', models.BooleanField(default=True)),
            ],
            options={
                'abstract': False,
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='TierRuleHistory',
            fields=[
                ('pgh_id', models.BigAutoField(primary_key=True, serialize=False)),
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_context', pghistory.utils.JSONField(null=True)),
                ('tier', models.PositiveSmallIntegerField()),
                ('from_date', models.DateField()),
                ('balance_cap', models.BigIntegerField(null=True)),
                ('source', models.CharField(max_length=200)),
            ],
            options={
                'abstract': False,
                'default_permissions': (),
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='paymentgateway',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "wallet_paymentgatewayhistory" ("active", "currencies", "fee_cap", "fee_flat", "fee_percent", "kind", "name", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "priority") VALUES (NEW."active", NEW."currencies", NEW."fee_cap", NEW."fee_flat", NEW."fee_percent", NEW."kind", NEW."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'insert\', NEW."code", NEW."priority"); RETURN NULL;', hash='65cff0e6453f6757ea69509e95fbb40242e394b9', operation='INSERT', pgid='pgtrigger_insert_insert_c5651', table='wallet_paymentgateway', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='paymentgateway',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."active" IS DISTINCT FROM (NEW."active") OR OLD."credentials" IS DISTINCT FROM (NEW."credentials") OR OLD."currencies" IS DISTINCT FROM (NEW."currencies") OR OLD."fee_cap" IS DISTINCT FROM (NEW."fee_cap") OR OLD."fee_flat" IS DISTINCT FROM (NEW."fee_flat") OR OLD."fee_percent" IS DISTINCT FROM (NEW."fee_percent") OR OLD."kind" IS DISTINCT FROM (NEW."kind") OR OLD."name" IS DISTINCT FROM (NEW."name") OR OLD."priority" IS DISTINCT FROM (NEW."priority"))', func='INSERT INTO "wallet_paymentgatewayhistory" ("active", "currencies", "fee_cap", "fee_flat", "fee_percent", "kind", "name", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "priority") VALUES (NEW."active", NEW."currencies", NEW."fee_cap", NEW."fee_flat", NEW."fee_percent", NEW."kind", NEW."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'update\', NEW."code", NEW."priority"); RETURN NULL;', hash='d08152ec5f588a71f1429affff5a36be96e60e18', operation='UPDATE', pgid='pgtrigger_update_update_9a503', table='wallet_paymentgateway', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='paymentgateway',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "wallet_paymentgatewayhistory" ("active", "currencies", "fee_cap", "fee_flat", "fee_percent", "kind", "name", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "priority") VALUES (OLD."active", OLD."currencies", OLD."fee_cap", OLD."fee_flat", OLD."fee_percent", OLD."kind", OLD."name", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'delete\', OLD."code", OLD."priority"); RETURN NULL;', hash='587150b3ae149d764b69c3a5e9572fa2bba27821', operation='DELETE', pgid='pgtrigger_delete_delete_22f5e', table='wallet_paymentgateway', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='tierrule',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "wallet_tierrulehistory" ("balance_cap", "currency_id", "from_date", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "source", "tier") VALUES (NEW."balance_cap", NEW."currency_id", NEW."from_date", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'insert\', NEW."id", NEW."source", NEW."tier"); RETURN NULL;', hash='f3a3ce7f3e22fff13e5d6a5ff37628a6de664ae3', operation='INSERT', pgid='pgtrigger_insert_insert_308f5', table='wallet_tierrule', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='tierrule',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."balance_cap" IS DISTINCT FROM (NEW."balance_cap") OR OLD."currency_id" IS DISTINCT FROM (NEW."currency_id") OR OLD."from_date" IS DISTINCT FROM (NEW."from_date") OR OLD."source" IS DISTINCT FROM (NEW."source") OR OLD."tier" IS DISTINCT FROM (NEW."tier"))', func='INSERT INTO "wallet_tierrulehistory" ("balance_cap", "currency_id", "from_date", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "source", "tier") VALUES (NEW."balance_cap", NEW."currency_id", NEW."from_date", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'update\', NEW."id", NEW."source", NEW."tier"); RETURN NULL;', hash='9964abebb5d10c66484f05b03bd4c0d73edcc1b5', operation='UPDATE', pgid='pgtrigger_update_update_bd6bf', table='wallet_tierrule', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='tierrule',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "wallet_tierrulehistory" ("balance_cap", "currency_id", "from_date", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "source", "tier") VALUES (OLD."balance_cap", OLD."currency_id", OLD."from_date", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'delete\', OLD."id", OLD."source", OLD."tier"); RETURN NULL;', hash='913100d2417e39371f061b290ab50664447c5335', operation='DELETE', pgid='pgtrigger_delete_delete_c6146', table='wallet_tierrule', when='AFTER')),
        ),
        migrations.AddField(
            model_name='paymentgatewayhistory',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='wallet.paymentgateway'),
        ),
        migrations.AddField(
            model_name='tierrulehistory',
            name='currency',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='wallet.currency'),
        ),
        migrations.AddField(
            model_name='tierrulehistory',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='wallet.tierrule'),
        ),
        migrations.AddIndex(
            model_name='paymentgatewayhistory',
            index=models.Index(fields=['pgh_obj', '-pgh_id'], name='paymentgatewayhistory_object'),
        ),
        migrations.AddIndex(
            model_name='tierrulehistory',
            index=models.Index(fields=['pgh_obj', '-pgh_id'], name='tierrulehistory_object'),
        ),
        Guard(
            "wallet_paymentgatewayhistory",
            rows="wallet_paymentgateway",
            key="code",
            columns=["kind", "name", "currencies", "priority", "fee_percent", "fee_flat", "fee_cap", "active"],
        ),
        Guard(
            "wallet_tierrulehistory",
            rows="wallet_tierrule",
            columns=["tier", "currency_id", "from_date", "balance_cap", "source"],
        ),
    ]
