import django.contrib.postgres.fields
import django.db.models.deletion
import pghistory.utils
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

from core.history import Guard
from core.rls import ServiceOnly


class Migration(migrations.Migration):

    dependencies = [
        ('storage_app', '0003_uploads_finished'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='BucketHistory',
            fields=[
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_id', models.BigAutoField(primary_key=True, serialize=False)),
                ('pgh_context', pghistory.utils.JSONField(null=True)),
                ('public', models.BooleanField(default=False)),
                ('file_size_limit', models.BigIntegerField(blank=True, help_text='Bytes of one file.', null=True)),
                ('allowed_mime_types', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=127), blank=True, null=True, size=None)),
                ('quota_bytes', models.BigIntegerField(blank=True, help_text='Bytes of all files of one person.', null=True)),
                ('quota_objects', models.IntegerField(blank=True, help_text='Files of one person.', null=True)),
                ('keep_versions', models.PositiveSmallIntegerField(default=5, help_text='How many earlier contents of a file are kept.')),
                ('epoch', models.PositiveIntegerField(default=1)),
            ],
            options={
                'abstract': False,
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='BucketRuleHistory',
            fields=[
                ('pgh_created_at', models.DateTimeField(auto_now_add=True)),
                ('pgh_label', models.TextField(help_text='The event label.')),
                ('pgh_id', models.BigAutoField(primary_key=True, serialize=False)),
                ('pgh_context', pghistory.utils.JSONField(null=True)),
                ('who', models.CharField(choices=[('EVERYONE', 'Everyone, signed in or not'), ('SIGNED_IN', 'Everyone signed in'), ('OWNER', 'Who put the file there'), ('OWN_FOLDER', 'Each person in the folder named by their id'), ('ORGANIZATION_FOLDER', 'Members of an organisation in the folder named by its id')], max_length=20)),
                ('what', models.CharField(choices=[('READ', 'Read and list'), ('ADD', 'Add new files'), ('REPLACE', 'Replace and rename files'), ('DELETE', 'Delete files')], max_length=8)),
            ],
            options={
                'abstract': False,
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='Rendition',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('recipe', models.CharField(max_length=80)),
                ('blob_key', models.CharField(max_length=80, unique=True)),
                ('size', models.BigIntegerField()),
                ('content_type', models.CharField(max_length=127)),
                ('md5', models.CharField(max_length=32)),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'verbose_name': 'rendition of a picture',
                'verbose_name_plural': 'renditions of a picture',
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='bucket',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "storage_app_buckethistory" ("allowed_mime_types", "epoch", "file_size_limit", "keep_versions", "owner_id", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "public", "quota_bytes", "quota_objects") VALUES (NEW."allowed_mime_types", NEW."epoch", NEW."file_size_limit", NEW."keep_versions", NEW."owner_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'insert\', NEW."id", NEW."public", NEW."quota_bytes", NEW."quota_objects"); RETURN NULL;', hash='3cd48e96abc6745966be5abd156a6e8fa845392b', operation='INSERT', pgid='pgtrigger_insert_insert_922e2', table='storage_app_bucket', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='bucket',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."allowed_mime_types" IS DISTINCT FROM (NEW."allowed_mime_types") OR OLD."epoch" IS DISTINCT FROM (NEW."epoch") OR OLD."file_size_limit" IS DISTINCT FROM (NEW."file_size_limit") OR OLD."keep_versions" IS DISTINCT FROM (NEW."keep_versions") OR OLD."owner_id" IS DISTINCT FROM (NEW."owner_id") OR OLD."public" IS DISTINCT FROM (NEW."public") OR OLD."quota_bytes" IS DISTINCT FROM (NEW."quota_bytes") OR OLD."quota_objects" IS DISTINCT FROM (NEW."quota_objects"))', func='INSERT INTO "storage_app_buckethistory" ("allowed_mime_types", "epoch", "file_size_limit", "keep_versions", "owner_id", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "public", "quota_bytes", "quota_objects") VALUES (NEW."allowed_mime_types", NEW."epoch", NEW."file_size_limit", NEW."keep_versions", NEW."owner_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'update\', NEW."id", NEW."public", NEW."quota_bytes", NEW."quota_objects"); RETURN NULL;', hash='c1dc4622c2eac28a11e4b6f522c08491828c2c7f', operation='UPDATE', pgid='pgtrigger_update_update_a1c72', table='storage_app_bucket', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='bucket',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "storage_app_buckethistory" ("allowed_mime_types", "epoch", "file_size_limit", "keep_versions", "owner_id", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "public", "quota_bytes", "quota_objects") VALUES (OLD."allowed_mime_types", OLD."epoch", OLD."file_size_limit", OLD."keep_versions", OLD."owner_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'delete\', OLD."id", OLD."public", OLD."quota_bytes", OLD."quota_objects"); RETURN NULL;', hash='aa009afa50b37f6642b6c689d3d09005069fd962', operation='DELETE', pgid='pgtrigger_delete_delete_4edb4', table='storage_app_bucket', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='bucketrule',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "storage_app_bucketrulehistory" ("bucket_id", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "what", "who") VALUES (NEW."bucket_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'insert\', NEW."id", NEW."what", NEW."who"); RETURN NULL;', hash='7e13c4634cb34f6d381861933d280f26e4cb1c7b', operation='INSERT', pgid='pgtrigger_insert_insert_3aee7', table='storage_app_bucketrule', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='bucketrule',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."bucket_id" IS DISTINCT FROM (NEW."bucket_id") OR OLD."what" IS DISTINCT FROM (NEW."what") OR OLD."who" IS DISTINCT FROM (NEW."who"))', func='INSERT INTO "storage_app_bucketrulehistory" ("bucket_id", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "what", "who") VALUES (NEW."bucket_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'update\', NEW."id", NEW."what", NEW."who"); RETURN NULL;', hash='fa974ba42ce3dd6380254e185b72549c32edfa0d', operation='UPDATE', pgid='pgtrigger_update_update_312fc', table='storage_app_bucketrule', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='bucketrule',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "storage_app_bucketrulehistory" ("bucket_id", "pgh_context", "pgh_created_at", "pgh_label", "pgh_obj_id", "what", "who") VALUES (OLD."bucket_id", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, NOW(), \'delete\', OLD."id", OLD."what", OLD."who"); RETURN NULL;', hash='0f6b444efc2aace9d609319f2043816af7e46863', operation='DELETE', pgid='pgtrigger_delete_delete_cd997', table='storage_app_bucketrule', when='AFTER')),
        ),
        migrations.AddField(
            model_name='buckethistory',
            name='owner',
            field=models.ForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='buckethistory',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='storage_app.bucket'),
        ),
        migrations.AddField(
            model_name='bucketrulehistory',
            name='bucket',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='storage_app.bucket'),
        ),
        migrations.AddField(
            model_name='bucketrulehistory',
            name='pgh_obj',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='storage_app.bucketrule'),
        ),
        migrations.AddField(
            model_name='rendition',
            name='version',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='renditions', to='storage_app.objectversion'),
        ),
        migrations.AddIndex(
            model_name='buckethistory',
            index=models.Index(fields=['pgh_obj', '-pgh_id'], name='buckethistory_object'),
        ),
        migrations.AddIndex(
            model_name='bucketrulehistory',
            index=models.Index(fields=['pgh_obj', '-pgh_id'], name='bucketrulehistory_object'),
        ),
        migrations.AddIndex(
            model_name='bucketrulehistory',
            index=models.Index(fields=['bucket', '-pgh_id'], name='bucketrulehistory_bucket'),
        ),
        migrations.AddConstraint(
            model_name='rendition',
            constraint=models.UniqueConstraint(fields=('version', 'recipe'), name='rendition_once'),
        ),
        migrations.AlterModelOptions(
            name='bucket',
            options={'permissions': [('change_bucket_rules', 'Can change who may do what in a bucket')], 'verbose_name': 'bucket', 'verbose_name_plural': 'buckets'},
        ),
        migrations.AlterField(
            model_name='objectversion',
            name='scan',
            field=models.CharField(choices=[('NOT_ASKED', 'Not looked at'), ('WAITING', 'Waiting to be looked at'), ('CLEAN', 'Nothing found'), ('INFECTED', 'Something harmful found'), ('DECLINED', 'Could not be looked at')], default='NOT_ASKED', max_length=9),
        ),
        migrations.AddIndex(
            model_name='objectversion',
            index=models.Index(fields=['scan', 'id'], name='objectversion_scan'),
        ),
        ServiceOnly("storage_app_rendition"),
        Guard(
            "storage_app_buckethistory",
            rows="storage_app_bucket",
            columns=["owner_id", "public", "file_size_limit", "allowed_mime_types", "quota_bytes", "quota_objects"]
            + ["keep_versions", "epoch"],
        ),
        Guard("storage_app_bucketrulehistory", rows="storage_app_bucketrule", columns=["bucket_id", "who", "what"]),
    ]
