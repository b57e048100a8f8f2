import core.ids
import django.db.models.deletion
import django.db.models.functions.comparison
from django.conf import settings
from django.db import migrations, models

from core.rls import Protect
from storage_app import policies


class Migration(migrations.Migration):

    dependencies = [
        ('storage_app', '0001_files'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='RemovalJob',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('prefix', models.CharField(blank=True, db_collation='C', max_length=1024)),
                ('total', models.IntegerField(null=True)),
                ('removed', models.IntegerField(default=0)),
                ('kept', models.IntegerField(default=0)),
                ('after', models.CharField(blank=True, db_collation='C', max_length=1024)),
                ('created_at', models.DateTimeField()),
                ('moved_at', models.DateTimeField()),
                ('finished_at', models.DateTimeField(null=True)),
            ],
            options={
                'verbose_name': 'removal of files',
                'verbose_name_plural': 'removals of files',
            },
        ),
        migrations.AddField(
            model_name='object',
            name='folder',
            field=models.GeneratedField(db_persist=True, expression=django.db.models.functions.comparison.Coalesce(models.Func(models.F('name'), models.Value('^.*/'), function='substring'), models.Value('')), output_field=models.CharField(db_collation='C', max_length=1024)),
        ),
        migrations.AddIndex(
            model_name='object',
            index=models.Index(fields=['bucket', 'folder', 'name'], include=('owner',), name='object_in_folder'),
        ),
        migrations.AddField(
            model_name='removaljob',
            name='bucket',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='removals', to='storage_app.bucket'),
        ),
        migrations.AddField(
            model_name='removaljob',
            name='owner',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddIndex(
            model_name='removaljob',
            index=models.Index(fields=['bucket'], name='removaljob_bucket'),
        ),
        migrations.AddIndex(
            model_name='removaljob',
            index=models.Index(condition=models.Q(('finished_at', None)), fields=['moved_at'], name='removaljob_open'),
        ),
        Protect("storage_app_objectversion", policies=policies.VERSIONS, anon="SELECT", authenticated="SELECT"),
        Protect("storage_app_removaljob", policies=policies.OWN, authenticated="SELECT"),
    ]
