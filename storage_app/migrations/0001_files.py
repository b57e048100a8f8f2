import core.ids
import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from core import sql
from core.rls import Protect, ServiceOnly
from storage_app import policies
from storage_app import sql as ours


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        # auth.organizations(), which the rules ask.
        ('accounts', '0013_history_of_locks'),
    ]

    operations = [
        migrations.RunSQL(sql.read(ours.__file__, "names"), "drop schema storage cascade"),
        migrations.CreateModel(
            name='DoomedBlob',
            fields=[
                ('blob_key', models.CharField(max_length=80, primary_key=True, serialize=False)),
                ('doomed_at', models.DateTimeField(db_index=True)),
            ],
            options={
                'verbose_name': 'blob to be removed',
                'verbose_name_plural': 'blobs to be removed',
            },
        ),
        migrations.CreateModel(
            name='Bucket',
            fields=[
                ('id', models.CharField(db_collation='C', max_length=100, primary_key=True, serialize=False, validators=[django.core.validators.RegexValidator("^(?! )[0-9A-Za-z_!.*'()&$@=;:+,? -]{1,100}(?<! )$")])),
                ('public', models.BooleanField(default=False)),
                ('file_size_limit', models.BigIntegerField(blank=True, help_text='Bytes of one file.', null=True)),
                ('allowed_mime_types', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=127), blank=True, null=True, size=None)),
                ('quota_bytes', models.BigIntegerField(blank=True, help_text='Bytes of all files of one person.', null=True)),
                ('quota_objects', models.IntegerField(blank=True, help_text='Files of one person.', null=True)),
                ('keep_versions', models.PositiveSmallIntegerField(default=5, help_text='How many earlier contents of a file are kept.')),
                ('epoch', models.PositiveIntegerField(default=1)),
                ('created_at', models.DateTimeField()),
                ('updated_at', models.DateTimeField()),
                ('owner', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'bucket',
                'verbose_name_plural': 'buckets',
            },
        ),
        migrations.CreateModel(
            name='BucketRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('who', models.CharField(choices=[('EVERYONE', 'Everyone, signed in or not'), ('SIGNED_IN', 'Everyone signed in'), ('OWNER', 'Who put the file there'), ('OWN_FOLDER', 'Each person in the folder named by their id'), ('ORGANIZATION_FOLDER', 'Members of an organisation in the folder named by its id')], max_length=20)),
                ('what', models.CharField(choices=[('READ', 'Read and list'), ('ADD', 'Add new files'), ('REPLACE', 'Replace and rename files'), ('DELETE', 'Delete files')], max_length=8)),
                ('bucket', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='rules', to='storage_app.bucket')),
            ],
            options={
                'verbose_name': 'rule of a bucket',
                'verbose_name_plural': 'rules of a bucket',
            },
        ),
        migrations.CreateModel(
            name='Object',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(db_collation='C', max_length=1024)),
                ('user_metadata', models.JSONField(blank=True, null=True)),
                ('created_at', models.DateTimeField()),
                ('updated_at', models.DateTimeField()),
                ('last_accessed_at', models.DateTimeField()),
                ('bucket', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='files', to='storage_app.bucket')),
                ('owner', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'file',
                'verbose_name_plural': 'files',
            },
        ),
        migrations.CreateModel(
            name='ObjectVersion',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('blob_key', models.CharField(max_length=80, unique=True)),
                ('size', models.BigIntegerField()),
                ('content_type', models.CharField(max_length=127)),
                ('cache_control', models.CharField(max_length=100)),
                ('md5', models.CharField(max_length=32)),
                ('sha256', models.CharField(max_length=64)),
                ('scan', models.CharField(choices=[('NOT_ASKED', 'Not looked at'), ('WAITING', 'Waiting to be looked at'), ('CLEAN', 'Nothing found'), ('INFECTED', 'Something harmful found')], default='NOT_ASKED', max_length=9)),
                ('created_at', models.DateTimeField()),
                ('created_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('object', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='versions', to='storage_app.object')),
            ],
            options={
                'verbose_name': 'version of a file',
                'verbose_name_plural': 'versions of a file',
            },
        ),
        migrations.AddField(
            model_name='object',
            name='version',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='storage_app.objectversion'),
        ),
        migrations.CreateModel(
            name='Upload',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(db_collation='C', max_length=1024)),
                ('upsert', models.BooleanField(default=False)),
                ('content_type', models.CharField(max_length=127)),
                ('cache_control', models.CharField(max_length=100)),
                ('user_metadata', models.JSONField(null=True)),
                ('upload_metadata', models.TextField(blank=True)),
                ('size', models.BigIntegerField(null=True)),
                ('offset', models.BigIntegerField(default=0)),
                ('writer', models.UUIDField(null=True)),
                ('leased_until', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField(db_index=True)),
                ('bucket', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='uploads', to='storage_app.bucket')),
                ('owner', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'upload',
                'verbose_name_plural': 'uploads',
            },
        ),
        migrations.CreateModel(
            name='UploadPart',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('offset', models.BigIntegerField()),
                ('size', models.BigIntegerField()),
                ('blob_key', models.CharField(max_length=80, unique=True)),
                ('upload', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='parts', to='storage_app.upload')),
            ],
            options={
                'verbose_name': 'part of an upload',
                'verbose_name_plural': 'parts of an upload',
            },
        ),
        migrations.CreateModel(
            name='Usage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('objects_count', models.IntegerField(default=0)),
                ('bytes_count', models.BigIntegerField(default=0)),
                ('bucket', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='usage', to='storage_app.bucket')),
                ('owner', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'use of a bucket',
                'verbose_name_plural': 'use of buckets',
            },
        ),
        migrations.AddConstraint(
            model_name='bucket',
            constraint=models.CheckConstraint(condition=models.Q(('file_size_limit', None), ('file_size_limit__gte', 0), _connector='OR'), name='bucket_size_limit'),
        ),
        migrations.AddIndex(
            model_name='bucketrule',
            index=models.Index(fields=['who', 'what', 'bucket'], name='bucketrule_of'),
        ),
        migrations.AddConstraint(
            model_name='bucketrule',
            constraint=models.UniqueConstraint(fields=('bucket', 'who', 'what'), name='bucketrule_once'),
        ),
        migrations.AddConstraint(
            model_name='bucketrule',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('who', 'EVERYONE'), _negated=True), ('what', 'READ'), _connector='OR'), name='bucketrule_strangers_read'),
        ),
        migrations.AddIndex(
            model_name='objectversion',
            index=models.Index(fields=['object', '-id'], name='objectversion_of_object'),
        ),
        migrations.AddConstraint(
            model_name='objectversion',
            constraint=models.CheckConstraint(condition=models.Q(('size__gte', 0)), name='objectversion_size'),
        ),
        migrations.AddConstraint(
            model_name='object',
            constraint=models.UniqueConstraint(fields=('bucket', 'name'), name='object_once'),
        ),
        migrations.AddConstraint(
            model_name='upload',
            constraint=models.CheckConstraint(condition=models.Q(('offset__gte', 0), models.Q(('size', None), ('offset__lte', models.F('size')), _connector='OR')), name='upload_offset_within'),
        ),
        migrations.AddConstraint(
            model_name='uploadpart',
            constraint=models.UniqueConstraint(fields=('upload', 'offset'), name='uploadpart_once'),
        ),
        migrations.AddConstraint(
            model_name='usage',
            constraint=models.UniqueConstraint(fields=('bucket', 'owner'), name='usage_once', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='usage',
            constraint=models.CheckConstraint(condition=models.Q(('bytes_count__gte', 0), ('objects_count__gte', 0)), name='usage_not_negative'),
        ),
        migrations.AddIndex(
            model_name='upload',
            index=models.Index(fields=['bucket'], name='upload_bucket'),
        ),
        migrations.RunSQL(
            sql.read(ours.__file__, "rules"),
            "drop function storage.may(text, text, text, uuid); drop function storage.ruled(text, text) cascade",
        ),
        Protect("storage_app_bucket", policies=policies.BUCKETS, anon="SELECT", authenticated="SELECT"),
        ServiceOnly("storage_app_bucketrule"),
        Protect("storage_app_object", policies=policies.OBJECTS, anon="SELECT", authenticated="SELECT"),
        Protect("storage_app_objectversion", policies=policies.VERSIONS, anon="SELECT", authenticated="SELECT"),
        Protect("storage_app_usage", policies=policies.OWN, authenticated="SELECT"),
        Protect("storage_app_upload", policies=policies.OWN, authenticated="SELECT"),
        ServiceOnly("storage_app_uploadpart"),
        ServiceOnly("storage_app_doomedblob"),
    ]
