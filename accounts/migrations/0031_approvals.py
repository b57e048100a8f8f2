from pathlib import Path

import core.ids
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from core.rls import ServiceOnly

SQL = Path(__file__).parent.parent / "sql"


def seed(apps, schema_editor):
    bands = apps.get_model("accounts", "ApprovalBand").objects.using(schema_editor.connection.alias)
    bands.create(action="", from_amount=0, approvals_needed=1, expires_hours=72)


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0030_referrals'),
    ]

    operations = [
        migrations.CreateModel(
            name='ApprovalBand',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('action', models.CharField(blank=True, max_length=60)),
                ('from_amount', models.BigIntegerField(default=0)),
                ('approvals_needed', models.PositiveSmallIntegerField()),
                ('expires_hours', models.PositiveSmallIntegerField()),
            ],
            options={
                'verbose_name': 'approval band',
                'verbose_name_plural': 'approval bands',
                'constraints': [models.UniqueConstraint(fields=('action', 'from_amount'), name='approval_band_once'), models.CheckConstraint(condition=models.Q(('approvals_needed__in', [1, 2]), ('expires_hours__range', (1, 2160)), ('from_amount__gte', 0)), name='approval_band_sound')],
            },
        ),
        migrations.CreateModel(
            name='Approval',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('action', models.CharField(max_length=60)),
                ('target', models.CharField(max_length=200)),
                ('payload', models.JSONField()),
                ('payload_hash', models.CharField(max_length=64)),
                ('target_version', models.CharField(blank=True, max_length=200)),
                ('amount', models.BigIntegerField(null=True)),
                ('approvals_needed', models.PositiveSmallIntegerField()),
                ('reason', models.CharField(max_length=500)),
                ('ticket', models.CharField(blank=True, max_length=80)),
                ('made_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('state', models.CharField(choices=[('PENDING', 'Waiting'), ('APPLIED', 'Applied'), ('REJECTED', 'Rejected'), ('WITHDRAWN', 'Withdrawn'), ('EXPIRED', 'Expired'), ('STALE', 'Overtaken')], default='PENDING', max_length=9)),
                ('checked_at', models.DateTimeField(null=True)),
                ('decided_at', models.DateTimeField(null=True)),
                ('decision_reason', models.CharField(blank=True, max_length=500)),
                ('description', models.JSONField(null=True)),
                ('posting_id', models.UUIDField(null=True, unique=True)),
                ('checker', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('maker', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('second_checker', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'approval',
                'verbose_name_plural': 'approvals',
                'indexes': [models.Index(condition=models.Q(('state', 'PENDING')), fields=['expires_at'], name='approval_waiting'), models.Index(fields=['target', '-id'], name='approval_of_target')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('checker', None), models.Q(('checker', models.F('maker')), _negated=True), _connector='OR'), models.Q(('second_checker', None), models.Q(models.Q(('second_checker', models.F('maker')), _negated=True), models.Q(('second_checker', models.F('checker')), _negated=True)), _connector='OR')), name='approval_different_people'), models.CheckConstraint(condition=models.Q(models.Q(('checked_at', None), ('checker', None), ('second_checker', None)), models.Q(('checked_at__isnull', False), ('checker__isnull', False)), _connector='OR'), name='approval_checkers_in_order'), models.CheckConstraint(condition=models.Q(models.Q(('decided_at', None), ('decided_by', None), ('second_checker', None), ('state', 'PENDING')), models.Q(('decided_at__isnull', False), models.Q(('state', 'PENDING'), _negated=True)), _connector='OR'), name='approval_decided_at'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'APPLIED'), _negated=True), models.Q(('checker__isnull', False), ('decided_at__lt', models.F('expires_at')), ('decided_by__isnull', False), models.Q(models.Q(('approvals_needed', 1), ('decided_by', models.F('checker'))), models.Q(('decided_by', models.F('second_checker')), ('second_checker__isnull', False)), _connector='OR')), _connector='OR'), name='approval_applied_by_enough'), models.CheckConstraint(condition=models.Q(models.Q(('decided_by', models.F('maker')), ('decided_by__isnull', False), ('state', 'WITHDRAWN')), models.Q(('decided_by__isnull', False), ('state', 'REJECTED'), models.Q(('decided_by', models.F('maker')), _negated=True)), ('state__in', ['PENDING', 'APPLIED']), models.Q(('decided_by', None), ('state__in', ['EXPIRED', 'STALE'])), _connector='OR'), name='approval_ended_by'), models.CheckConstraint(condition=models.Q(('approvals_needed__in', [1, 2]), ('expires_at__gt', models.F('made_at')), models.Q(('amount', None), ('amount__gte', 0), _connector='OR')), name='approval_sound'), models.UniqueConstraint(condition=models.Q(('state', 'PENDING')), fields=('action', 'target', 'payload_hash'), name='approval_pending_once')],
            },
        ),
        ServiceOnly("accounts_approvalband", service="SELECT"),
        ServiceOnly("accounts_approval", service="SELECT, INSERT, UPDATE"),
        migrations.RunPython(seed, migrations.RunPython.noop),
        migrations.RunSQL((SQL / "approvals.sql").read_text(), (SQL / "approvals_drop.sql").read_text()),
    ]
