import core.ids
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from core.rls import ServiceOnly


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0006_codes'),
    ]

    operations = [
        migrations.CreateModel(
            name='FactorChallenge',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('factor_id', models.UUIDField()),
                ('state', models.JSONField(default=dict)),
                ('ip', models.GenericIPAddressField(null=True)),
                ('created_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('answered_at', models.DateTimeField(null=True)),
                ('session', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='factor_challenges', to='accounts.session')),
            ],
            options={
                'verbose_name': 'question to a second factor',
                'verbose_name_plural': 'questions to second factors',
            },
        ),
        migrations.CreateModel(
            name='PendingFactor',
            fields=[
                ('id', models.UUIDField(default=core.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('totp', 'Authenticator app'), ('webauthn', 'Passkey')], max_length=8)),
                ('name', models.CharField(blank=True, max_length=64)),
                ('secret', models.CharField(blank=True, max_length=300)),
                ('created_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='pending_factors', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'second factor being set up',
                'verbose_name_plural': 'second factors being set up',
                'constraints': [models.CheckConstraint(condition=models.Q(('kind', 'totp'), ('secret', ''), _connector='XOR'), name='pending_factor_app_has_secret')],
            },
        ),
        # Seeds and questions are the service's own affair; what a person has is allauth's table.
        ServiceOnly("accounts_pendingfactor"),
        ServiceOnly("accounts_factorchallenge"),
    ]
