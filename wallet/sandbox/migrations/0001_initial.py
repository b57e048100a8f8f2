import django.db.models.deletion
import wallet.sandbox.models
from django.db import migrations, models

from core.rls import ServiceOnly


class Migration(migrations.Migration):

    initial = True

    dependencies = [("core", "0001_roles_and_partitions")]

    operations = [
        migrations.CreateModel(
            name='Fault',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=wallet.sandbox.models.fault_kinds, max_length=20)),
                ('value', models.CharField(blank=True, max_length=20)),
                ('remaining', models.PositiveSmallIntegerField(default=1)),
                ('reference', models.CharField(blank=True, max_length=100)),
                ('endpoint', models.CharField(blank=True, choices=[('', 'any call'), ('initialize', 'initialize'), ('verify', 'verify')], max_length=10)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('remaining__gte', 1)), name='sandbox_fault_remaining_positive')],
            },
        ),
        migrations.CreateModel(
            name='SandboxCharge',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reference', models.CharField(max_length=100, unique=True)),
                ('access_code', models.CharField(max_length=20, unique=True)),
                ('email', models.EmailField(max_length=254)),
                ('currency', models.CharField(max_length=3)),
                ('requested_amount', models.BigIntegerField()),
                ('amount', models.BigIntegerField()),
                ('fees', models.BigIntegerField(null=True)),
                ('callback_url', models.URLField(blank=True, max_length=500)),
                ('metadata', models.JSONField(null=True)),
                ('status', models.CharField(choices=[('ABANDONED', 'Not paid yet'), ('SUCCESS', 'Paid'), ('FAILED', 'Declined')], default='ABANDONED', max_length=10)),
                ('gateway_response', models.CharField(blank=True, max_length=100)),
                ('card_number', models.CharField(blank=True, max_length=19)),
                ('quirks', models.JSONField(default=list)),
                ('created_at', models.DateTimeField()),
                ('paid_at', models.DateTimeField(null=True)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('amount__gte', 0), ('requested_amount__gte', 0)), name='sandbox_charge_amounts_not_negative')],
            },
        ),
        migrations.CreateModel(
            name='SandboxDelivery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('event', models.CharField(max_length=50)),
                ('body', models.TextField()),
                ('state', models.CharField(choices=[('PENDING', 'On its way'), ('DELIVERED', 'Delivered'), ('GIVEN_UP', 'Given up'), ('DROPPED', 'Dropped by a fault')], default='PENDING', max_length=10)),
                ('copies', models.PositiveSmallIntegerField(default=1)),
                ('tries', models.PositiveSmallIntegerField(default=0)),
                ('attempts', models.JSONField(default=list)),
                ('next_attempt_at', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField()),
                ('charge', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='sandbox.sandboxcharge')),
            ],
        ),
        ServiceOnly("sandbox_fault"),
        ServiceOnly("sandbox_sandboxcharge"),
        ServiceOnly("sandbox_sandboxdelivery"),
    ]
