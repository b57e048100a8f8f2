from pathlib import Path

import core.ids
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from core.rls import ServiceOnly

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0031_approvals'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='referralprogram',
            options={'permissions': [('run_referral_programs', 'Can propose and end referral programmes'), ('approve_referral_program', 'Can approve referral programmes')], 'verbose_name': 'referral programme', 'verbose_name_plural': 'referral programmes'},
        ),
        migrations.CreateModel(
            name='FailedTask',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=200)),
                ('arguments', models.TextField()),
                ('arguments_index', models.CharField(max_length=64)),
                ('named', models.CharField(blank=True, max_length=300)),
                ('error', models.CharField(max_length=500)),
                ('times', models.PositiveIntegerField(default=1)),
                ('failed_at', models.DateTimeField()),
                ('last_failed_at', models.DateTimeField()),
                ('state', models.CharField(choices=[('OPEN', 'Waiting for staff'), ('RUN_AGAIN', 'Run again'), ('DISMISSED', 'Left')], default='OPEN', max_length=9)),
                ('dealt_at', models.DateTimeField(null=True)),
                ('dealt_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'failed task',
                'verbose_name_plural': 'failed tasks',
                'permissions': [('run_task_again', 'Can run a failed task again')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state', 'OPEN')), fields=('name', 'arguments_index'), name='failed_task_open_once'), models.CheckConstraint(condition=models.Q(models.Q(('dealt_at', None), ('dealt_by', None), ('state', 'OPEN')), models.Q(models.Q(('state', 'OPEN'), _negated=True), ('dealt_at__isnull', False), ('dealt_by__isnull', False)), _connector='OR'), name='failed_task_dealt_with')],
            },
        ),
        ServiceOnly("accounts_failedtask"),
        migrations.RunSQL(
            (SQL / "by_two_people.sql").read_text(), "drop function public.accounts_by_two_people();"
        ),
    ]
