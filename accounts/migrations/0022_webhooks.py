import core.ids
import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
import pghistory.utils
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

from core.history import Guard
from core.rls import Policy, Protect

# Owners and administrators, and the organisation's own programs, whose scopes the API asks.
MANAGED = (
    "organization_id = any (array (select auth.organizations(array['OWNER', 'ADMIN']))) "
    "or organization_id = (select (auth.jwt() ->> 'org_id')::uuid)"
)


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0021_notice_channels'),
    ]

    operations = [
        migrations.CreateModel(
            name='WebhookEndpoint',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('url', models.CharField(max_length=500)),
                ('description', models.CharField(blank=True, max_length=120)),
                ('event_types', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), size=None)),
                ('state', models.CharField(choices=[('ENABLED', 'Enabled'), ('DISABLED', 'Disabled')], default='ENABLED', max_length=8)),
                ('reason', models.CharField(blank=True, choices=[('BY_OWNER', 'Switched off'), ('GONE', 'It answered that it is gone (410)'), ('FAILING', 'It failed for days')], max_length=8)),
                ('secret', models.TextField()),
                ('previous_secret', models.TextField(blank=True)),
                ('previous_until', models.DateTimeField(null=True)),
                ('secret_changed_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('failing_since', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('deleted_at', models.DateTimeField(null=True)),
                ('organization', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='webhook_endpoints', to='accounts.organization')),
            ],
            options={
                'verbose_name': 'webhook endpoint',
                'verbose_name_plural': 'webhook endpoints',
            },
        ),
        migrations.CreateModel(
            name='WebhookDelivery',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('message_id', models.UUIDField()),
                ('event', models.CharField(max_length=255)),
                ('state', models.CharField(choices=[('WAITING', 'Waiting'), ('SENDING', 'Being sent'), ('DELIVERED', 'Delivered'), ('FAILED', 'Failed'), ('CANCELLED', 'Cancelled')], default='WAITING', max_length=9)),
                ('attempts', models.PositiveIntegerField(default=0)),
                ('tries', models.PositiveSmallIntegerField(default=0)),
                ('manual', models.BooleanField(default=False)),
                ('next_try_at', models.DateTimeField(null=True)),
                ('leased_until', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('delivered_at', models.DateTimeField(null=True)),
                ('organization', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.organization')),
                ('endpoint', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='accounts.webhookendpoint')),
            ],
            options={
                'verbose_name': 'webhook delivery',
                'verbose_name_plural': 'webhook deliveries',
                'permissions': [('resend_webhook', 'Can have a webhook sent to an organisation again')],
            },
        ),
        migrations.CreateModel(
            name='WebhookHistory',
            fields=[
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_id', models.BigAutoField(primary_key=True, serialize=False)),
                ('pgh_context', pghistory.utils.JSONField(null=True)),
                ('url', models.CharField(max_length=500)),
                ('description', models.CharField(blank=True, max_length=120)),
                ('event_types', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), size=None)),
                ('state', models.CharField(choices=[('ENABLED', 'Enabled'), ('DISABLED', 'Disabled')], default='ENABLED', max_length=8)),
                ('reason', models.CharField(blank=True, choices=[('BY_OWNER', 'Switched off'), ('GONE', 'It answered that it is gone (410)'), ('FAILING', 'It failed for days')], max_length=8)),
                ('previous_until', models.DateTimeField(null=True)),
                ('deleted_at', models.DateTimeField(null=True)),
                ('organization', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='accounts.organization')),
                ('pgh_obj', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='accounts.webhookendpoint')),
            ],
            options={
                'abstract': False,
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='WebhookAttempt',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('number', models.PositiveIntegerField()),
                ('url', models.CharField(max_length=500)),
                ('at', models.DateTimeField()),
                ('duration_ms', models.PositiveIntegerField(default=0)),
                ('status', models.PositiveSmallIntegerField(null=True)),
                ('error', models.CharField(blank=True, max_length=40)),
                ('request_headers', models.JSONField(default=dict)),
                ('response_headers', models.JSONField(default=dict)),
                ('response_body', models.TextField(blank=True)),
                ('manual', models.BooleanField(default=False)),
                ('delivery', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='tried', to='accounts.webhookdelivery')),
            ],
            options={
                'verbose_name': 'webhook attempt',
                'verbose_name_plural': 'webhook attempts',
                'constraints': [models.UniqueConstraint(fields=('delivery', 'number'), name='webhook_attempt_once')],
            },
        ),
        migrations.AddConstraint(
            model_name='webhookendpoint',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('reason', ''), ('state', 'ENABLED')), models.Q(('state', 'DISABLED'), models.Q(('reason', ''), _negated=True)), _connector='OR'), name='webhook_endpoint_reason'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='webhookendpoint',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "accounts_webhookhistory" ("deleted_at", "description", "event_types", "organization_id", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "previous_until", "reason", "state", "url") VALUES (NEW."deleted_at", NEW."description", NEW."event_types", NEW."organization_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'insert\', NEW."id", NEW."previous_until", NEW."reason", NEW."state", NEW."url"); RETURN NULL;', hash='0764e4e7932415f24fbb1d988816657385646983', operation='INSERT', pgid='pgtrigger_insert_insert_ca5e8', table='accounts_webhookendpoint', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='webhookendpoint',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."deleted_at" IS DISTINCT FROM (NEW."deleted_at") OR OLD."description" IS DISTINCT FROM (NEW."description") OR OLD."event_types" IS DISTINCT FROM (NEW."event_types") OR OLD."organization_id" IS DISTINCT FROM (NEW."organization_id") OR OLD."previous_until" IS DISTINCT FROM (NEW."previous_until") OR OLD."reason" IS DISTINCT FROM (NEW."reason") OR OLD."secret" IS DISTINCT FROM (NEW."secret") OR OLD."state" IS DISTINCT FROM (NEW."state") OR OLD."url" IS DISTINCT FROM (NEW."url"))', func='INSERT INTO "accounts_webhookhistory" ("deleted_at", "description", "event_types", "organization_id", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "previous_until", "reason", "state", "url") VALUES (NEW."deleted_at", NEW."description", NEW."event_types", NEW."organization_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'update\', NEW."id", NEW."previous_until", NEW."reason", NEW."state", NEW."url"); RETURN NULL;', hash='19db191e5b76aacf933aee4b38f4f3d4f07f5837', operation='UPDATE', pgid='pgtrigger_update_update_fbd22', table='accounts_webhookendpoint', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='webhookendpoint',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "accounts_webhookhistory" ("deleted_at", "description", "event_types", "organization_id", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "previous_until", "reason", "state", "url") VALUES (OLD."deleted_at", OLD."description", OLD."event_types", OLD."organization_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'delete\', OLD."id", OLD."previous_until", OLD."reason", OLD."state", OLD."url"); RETURN NULL;', hash='687ba9444b3cf81d71bc93bfaa95c4c09bfa60ec', operation='DELETE', pgid='pgtrigger_delete_delete_d7c16', table='accounts_webhookendpoint', when='AFTER')),
        ),
        migrations.AddIndex(
            model_name='webhookdelivery',
            index=models.Index(fields=['organization', 'id'], name='webhook_delivery_of_org'),
        ),
        migrations.AddIndex(
            model_name='webhookdelivery',
            index=models.Index(fields=['endpoint', 'id'], name='webhook_delivery_of_endpoint'),
        ),
        migrations.AddIndex(
            model_name='webhookdelivery',
            index=models.Index(condition=models.Q(('state', 'WAITING')), fields=['endpoint', 'next_try_at', 'id'], name='webhook_delivery_waiting'),
        ),
        migrations.AddIndex(
            model_name='webhookdelivery',
            index=models.Index(condition=models.Q(('state', 'SENDING')), fields=['endpoint', 'leased_until'], name='webhook_delivery_sending'),
        ),
        migrations.AddIndex(
            model_name='webhookdelivery',
            index=models.Index(condition=models.Q(('state__in', ['FAILED', 'CANCELLED'])), fields=['endpoint', 'message_id'], name='webhook_delivery_failed'),
        ),
        migrations.AddConstraint(
            model_name='webhookdelivery',
            constraint=models.UniqueConstraint(fields=('message_id', 'endpoint'), name='webhook_delivery_once'),
        ),
        migrations.AddConstraint(
            model_name='webhookdelivery',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('leased_until', None), ('next_try_at__isnull', False), ('state', 'WAITING')), models.Q(('leased_until__isnull', False), ('next_try_at', None), ('state', 'SENDING')), models.Q(('leased_until', None), ('next_try_at', None), ('state__in', ['DELIVERED', 'FAILED', 'CANCELLED'])), _connector='OR'), name='webhook_delivery_times'),
        ),
        migrations.AddIndex(
            model_name='webhookhistory',
            index=models.Index(fields=['pgh_obj', '-pgh_id'], name='webhookhistory_object'),
        ),
        migrations.AddIndex(
            model_name='webhookhistory',
            index=models.Index(fields=['organization', '-pgh_id'], name='webhookhistory_organization'),
        ),
        # The sealed secrets stay with the service.
        Protect(
            "accounts_webhookendpoint",
            policies=[Policy("managed", "SELECT", using=MANAGED)],
            authenticated="SELECT (id, organization_id, url, description, event_types, state, reason, previous_until,"
            " secret_changed_at, failing_since, created_at, deleted_at)",
        ),
        Protect(
            "accounts_webhookdelivery",
            policies=[Policy("managed", "SELECT", using=MANAGED)],
            authenticated="SELECT",
        ),
        Protect(
            "accounts_webhookattempt",
            policies=[
                Policy(
                    "managed",
                    "SELECT",
                    using="exists (select from accounts_webhookdelivery d where d.id = delivery_id)",
                )
            ],
            authenticated="SELECT",
        ),
        Guard("accounts_webhookhistory", rows="accounts_webhookendpoint"),
    ]
