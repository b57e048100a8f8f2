import core.ids
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from core.rls import ServiceOnly


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0010_keys'),
    ]

    operations = [
        migrations.CreateModel(
            name='FactorReset',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('reason', models.CharField(max_length=500)),
                ('state', models.CharField(choices=[('ASKED', 'Waiting for a second person'), ('DONE', 'Done'), ('DECLINED', 'Declined'), ('EXPIRED', 'Expired')], default='ASKED', max_length=8)),
                ('asked_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('decided_at', models.DateTimeField(null=True)),
            ],
            options={
                'verbose_name': 'factor reset',
                'verbose_name_plural': 'factor resets',
            },
        ),
        migrations.AlterModelOptions(
            name='user',
            options={'permissions': [('freeze_customer', 'Can freeze and unfreeze a customer'), ('end_sessions', "Can end a person's sessions"), ('reset_factors', 'Can ask for and decide on a reset of second factors')], 'verbose_name': 'user', 'verbose_name_plural': 'users'},
        ),
        migrations.AddField(
            model_name='customer',
            name='closed_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='customer',
            name='lock_reason',
            field=models.CharField(blank=True, choices=[('REPORTED', 'Reported by its owner'), ('STAFF', 'Frozen until staff lift it')], max_length=8),
        ),
        migrations.AddField(
            model_name='customer',
            name='locked_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='customer',
            name='recovered_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddIndex(
            model_name='customer',
            index=models.Index(condition=models.Q(('lock_reason', ''), _negated=True), fields=['lock_reason'], name='customer_locked_why'),
        ),
        migrations.AddConstraint(
            model_name='customer',
            constraint=models.CheckConstraint(condition=models.Q(('lock_reason', ''), ('status', 'LOCKED'), _connector='OR'), name='customer_lock_reason_of_lock'),
        ),
        migrations.AddField(
            model_name='factorreset',
            name='asked_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='factorreset',
            name='decided_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='factorreset',
            name='target',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='factor_resets', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='factorreset',
            constraint=models.CheckConstraint(condition=models.Q(('decided_by', None), models.Q(('decided_by', models.F('asked_by')), _negated=True), _connector='OR'), name='factor_reset_two_people'),
        ),
        migrations.AddConstraint(
            model_name='factorreset',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('asked_by', models.F('target')), _negated=True), models.Q(('decided_by', None), models.Q(('decided_by', models.F('target')), _negated=True), _connector='OR')), name='factor_reset_not_own'),
        ),
        migrations.AddConstraint(
            model_name='factorreset',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('decided_at', None), ('decided_by', None), ('state__in', ['ASKED', 'EXPIRED'])), models.Q(('decided_at__isnull', False), ('decided_by__isnull', False), ('state__in', ['DONE', 'DECLINED'])), _connector='OR'), name='factor_reset_decided_by_somebody'),
        ),
        migrations.AddConstraint(
            model_name='factorreset',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'ASKED')), fields=('target',), name='factor_reset_asked_once'),
        ),
        ServiceOnly("accounts_factorreset"),
    ]
