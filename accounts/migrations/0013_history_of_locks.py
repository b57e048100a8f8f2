import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

from core.history import Guard


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0012_history'),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name='customer',
            name='insert_insert',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='customer',
            name='update_update',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='customer',
            name='delete_delete',
        ),
        migrations.AddField(
            model_name='customerhistory',
            name='closed_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='customerhistory',
            name='lock_reason',
            field=models.CharField(blank=True, choices=[('REPORTED', 'Reported by its owner'), ('STAFF', 'Frozen until staff lift it')], max_length=8),
        ),
        migrations.AddField(
            model_name='customerhistory',
            name='locked_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='customerhistory',
            name='recovered_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='customer',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "accounts_customerhistory" ("closed_at", "date_of_birth", "lock_reason", "locked_at", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "phone", "recovered_at", "status", "tier") VALUES (NEW."closed_at", NEW."date_of_birth", NEW."lock_reason", NEW."locked_at", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'insert\', NEW."user_id", NEW."phone", NEW."recovered_at", NEW."status", NEW."tier"); RETURN NULL;', hash='231df8c6b89f66ba7c98d36a04b42f8eb9225ad4', operation='INSERT', pgid='pgtrigger_insert_insert_32108', table='accounts_customer', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='customer',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."closed_at" IS DISTINCT FROM (NEW."closed_at") OR OLD."date_of_birth" IS DISTINCT FROM (NEW."date_of_birth") OR OLD."lock_reason" IS DISTINCT FROM (NEW."lock_reason") OR OLD."locked_at" IS DISTINCT FROM (NEW."locked_at") OR OLD."phone" IS DISTINCT FROM (NEW."phone") OR OLD."recovered_at" IS DISTINCT FROM (NEW."recovered_at") OR OLD."status" IS DISTINCT FROM (NEW."status") OR OLD."tier" IS DISTINCT FROM (NEW."tier"))', func='INSERT INTO "accounts_customerhistory" ("closed_at", "date_of_birth", "lock_reason", "locked_at", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "phone", "recovered_at", "status", "tier") VALUES (NEW."closed_at", NEW."date_of_birth", NEW."lock_reason", NEW."locked_at", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'update\', NEW."user_id", NEW."phone", NEW."recovered_at", NEW."status", NEW."tier"); RETURN NULL;', hash='84ddcf28f3a95f5eeeeaa7693d05be60bd45e010', operation='UPDATE', pgid='pgtrigger_update_update_8724e', table='accounts_customer', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='customer',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "accounts_customerhistory" ("closed_at", "date_of_birth", "lock_reason", "locked_at", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "phone", "recovered_at", "status", "tier") VALUES (OLD."closed_at", OLD."date_of_birth", OLD."lock_reason", OLD."locked_at", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'delete\', OLD."user_id", OLD."phone", OLD."recovered_at", OLD."status", OLD."tier"); RETURN NULL;', hash='cbd14706a37ccc9063c66e4e5efcf13ac3db29d8', operation='DELETE', pgid='pgtrigger_delete_delete_a8cb7', table='accounts_customer', when='AFTER')),
        ),
        Guard("accounts_customerhistory", rows="accounts_customer"),
    ]
