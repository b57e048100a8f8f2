import core.ids
import django.db.models.deletion
from django.db import migrations, models

from core import sql
from core.rls import Protect, ServiceOnly
from realtime import policies
from realtime import sql as ours


class Migration(migrations.Migration):

    dependencies = [
        ('realtime', '0002_changes'),
    ]

    operations = [
        migrations.CreateModel(
            name='SocketProcess',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('seen_at', models.DateTimeField()),
            ],
            options={
                'verbose_name': 'process with sockets',
                'verbose_name_plural': 'processes with sockets',
                'indexes': [models.Index(fields=['seen_at'], name='process_seen_at')],
            },
        ),
        migrations.CreateModel(
            name='Subscription',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('socket_id', models.UUIDField()),
                ('user_id', models.UUIDField(null=True)),
                ('role', models.CharField(max_length=20)),
                ('session_id', models.UUIDField(null=True)),
                ('address', models.GenericIPAddressField(null=True)),
                ('topic', models.CharField(max_length=255)),
                ('private', models.BooleanField()),
                ('bindings', models.JSONField(default=list)),
                ('joined_at', models.DateTimeField()),
                ('process', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='subscriptions', to='realtime.socketprocess')),
            ],
            options={
                'verbose_name': 'subscription',
                'verbose_name_plural': 'subscriptions',
                'permissions': [('end_subscription', 'End somebody’s subscription')],
                'indexes': [models.Index(fields=['user_id'], name='subscription_of_user'), models.Index(fields=['topic'], name='subscription_to_topic'), models.Index(condition=models.Q(('bindings', []), _negated=True), fields=['user_id', 'role'], name='subscription_to_changes')],
            },
        ),
        ServiceOnly("realtime_socketprocess"),
        Protect("realtime_subscription", policies=policies.OWN_SUBSCRIPTIONS, authenticated="SELECT"),
        migrations.RunSQL(sql.read(ours.__file__, "rights"), "drop function realtime.rights(text, text)"),
    ]
