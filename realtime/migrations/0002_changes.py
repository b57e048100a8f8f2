import django.contrib.postgres.fields
from django.db import migrations, models

from core import sql
from core.rls import ServiceOnly
from realtime import sql as ours

UNDO = """
drop function realtime.tell_change() cascade;
drop function realtime.declare_table(text, text, text[], text[], boolean);
drop function realtime.withdraw_table(text);
drop function realtime.change(public.realtime_declared, text, jsonb, jsonb, timestamptz);
drop function realtime.shortened(jsonb);
drop function realtime.picked(jsonb, text[]);
"""


class Migration(migrations.Migration):

    dependencies = [
        ('realtime', '0001_outbox'),
    ]

    operations = [
        migrations.CreateModel(
            name='DeclaredTable',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('schema', models.CharField(max_length=63)),
                ('table', models.CharField(max_length=63)),
                ('owner', models.CharField(max_length=63)),
                ('key', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=63), size=None)),
                ('names', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=63), size=None)),
                ('columns', models.JSONField()),
            ],
            options={
                'verbose_name': 'declared table',
                'verbose_name_plural': 'declared tables',
                'db_table': 'realtime_declared',
                'constraints': [models.UniqueConstraint(fields=('schema', 'table'), name='declared_once')],
            },
        ),
        migrations.RunSQL(sql.read(ours.__file__, "changes"), UNDO),
        ServiceOnly("realtime_declared", service="SELECT"),
    ]
