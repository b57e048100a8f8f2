import core.ids
import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

from core import sql
from core.partitions import CreatePartitionedModel
from core.rls import Protect, ServiceOnly
from realtime import policies
from realtime import sql as ours

# Those who must miss nothing; the settings say who they are.
CONSUMERS = ("notices", "webhooks")


def seed(apps, schema_editor):
    consumers = apps.get_model("realtime", "Consumer").objects.using(schema_editor.connection.alias)
    consumers.bulk_create([consumers.model(name=name) for name in CONSUMERS])


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        # auth.organizations(), which the policies ask.
        ('accounts', '0020_avatars'),
        ('core', '0001_roles_and_partitions'),
    ]

    operations = [
        CreatePartitionedModel(
            name='Message',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('topic', models.CharField(blank=True, max_length=255)),
                ('extension', models.CharField(choices=[('event', 'Event'), ('broadcast', 'Broadcast'), ('presence', 'Presence'), ('postgres_changes', 'Change of a row')], max_length=20)),
                ('event', models.CharField(max_length=255)),
                ('payload', models.JSONField(null=True)),
                ('binary_payload', models.BinaryField(null=True)),
                ('private', models.BooleanField(default=True)),
                ('owners', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), null=True, size=None)),
                ('inserted_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'verbose_name': 'message',
                'verbose_name_plural': 'messages',
            },
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(fields=['topic', 'id'], name='message_of_topic'),
        ),
        migrations.CreateModel(
            name='Position',
            fields=[
                ('position', models.BigIntegerField(primary_key=True, serialize=False)),
                ('message', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='place', to='realtime.message')),
            ],
            options={
                'verbose_name': 'position',
                'verbose_name_plural': 'positions',
            },
        ),
        migrations.CreateModel(
            name='Consumer',
            fields=[
                ('name', models.CharField(max_length=40, primary_key=True, serialize=False)),
                ('position', models.BigIntegerField(default=0)),
            ],
            options={
                'verbose_name': 'consumer',
                'verbose_name_plural': 'consumers',
            },
        ),
        migrations.CreateModel(
            name='ParkedMessage',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('error', models.TextField()),
                ('tries', models.PositiveIntegerField(default=1)),
                ('parked_at', models.DateTimeField()),
                ('done_at', models.DateTimeField(null=True)),
                ('consumer', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='realtime.consumer')),
                ('message', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='realtime.message')),
            ],
            options={
                'verbose_name': 'parked message',
                'verbose_name_plural': 'parked messages',
                'permissions': [('take_parked_message', 'Hand a message over again')],
            },
        ),
        migrations.AddConstraint(
            model_name='parkedmessage',
            constraint=models.UniqueConstraint(fields=('consumer', 'message'), name='parked_once'),
        ),
        migrations.RunSQL(sql.read(ours.__file__, "outbox", "forgetting", "supabase"), "drop schema realtime cascade; drop table realtime_horizon"),
        Protect("realtime_message", policies=policies.MESSAGES, authenticated="SELECT, INSERT", service="SELECT, INSERT"),
        ServiceOnly("realtime_position", service="SELECT, INSERT, DELETE"),
        ServiceOnly("realtime_horizon", service="SELECT, UPDATE"),
        ServiceOnly("realtime_consumer", service="SELECT, UPDATE"),
        ServiceOnly("realtime_parkedmessage", service="SELECT, INSERT, UPDATE"),
        migrations.RunPython(seed, migrations.RunPython.noop),
    ]
