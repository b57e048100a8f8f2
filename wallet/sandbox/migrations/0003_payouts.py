import django.db.models.deletion
import wallet.sandbox.models.faults
from django.db import migrations, models

from core.rls import ServiceOnly


class Migration(migrations.Migration):

    dependencies = [
        ('sandbox', '0002_identities'),
    ]

    operations = [
        migrations.CreateModel(
            name='SandboxBook',
            fields=[
                ('currency', models.CharField(max_length=3, primary_key=True, serialize=False)),
                ('balance', models.BigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name='SandboxLedgerRow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('currency', models.CharField(max_length=3)),
                ('difference', models.BigIntegerField()),
                ('balance', models.BigIntegerField()),
                ('reason', models.CharField(max_length=100)),
                ('model_responsible', models.CharField(max_length=20)),
                ('model_row', models.BigIntegerField()),
                ('created_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='SandboxRecipient',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=30, unique=True)),
                ('name', models.CharField(max_length=200)),
                ('account_number', models.CharField(max_length=10)),
                ('bank_code', models.CharField(max_length=10)),
                ('currency', models.CharField(max_length=3)),
                ('deleted', models.BooleanField(default=False)),
                ('created_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='SandboxTransfer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=30, unique=True)),
                ('reference', models.CharField(max_length=50, unique=True)),
                ('amount', models.BigIntegerField()),
                ('fee', models.BigIntegerField()),
                ('currency', models.CharField(max_length=3)),
                ('reason', models.CharField(blank=True, max_length=200)),
                ('status', models.CharField(choices=[('RECEIVED', 'Waiting for approval'), ('OTP', 'Waiting for a code'), ('PENDING', 'On its way'), ('SUCCESS', 'Arrived'), ('FAILED', 'Failed'), ('REVERSED', 'Came back'), ('REJECTED', 'Refused by us'), ('BLOCKED', 'Not approved'), ('ABANDONED', 'Code never given')], default='PENDING', max_length=10)),
                ('session_id', models.CharField(blank=True, max_length=30)),
                ('said', models.CharField(blank=True, max_length=100)),
                ('quirks', models.JSONField(default=dict)),
                ('due_at', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField()),
                ('updated_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='Switches',
            fields=[
                ('id', models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ('transfer_seconds', models.PositiveIntegerField(null=True)),
                ('asks_otp', models.BooleanField(default=False)),
                ('asks_approval', models.BooleanField(default=False)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name='sandboxdelivery',
            name='sandbox_delivery_of_one_thing',
        ),
        migrations.RemoveField(
            model_name='sandboxdelivery',
            name='charge',
        ),
        migrations.RemoveField(
            model_name='sandboxdelivery',
            name='customer',
        ),
        migrations.AddField(
            model_name='sandboxdelivery',
            name='about',
            field=models.CharField(blank=True, db_index=True, default='', max_length=100),
        ),
        migrations.AlterField(
            model_name='fault',
            name='endpoint',
            field=models.CharField(blank=True, choices=wallet.sandbox.models.faults.fault_endpoints, max_length=30),
        ),
        migrations.AlterField(
            model_name='sandboxdelivery',
            name='state',
            field=models.CharField(choices=[('PENDING', 'On its way'), ('HELD', 'Held back for the next one'), ('DELIVERED', 'Delivered'), ('GIVEN_UP', 'Given up'), ('DROPPED', 'Dropped by a fault')], default='PENDING', max_length=10),
        ),
        migrations.AddConstraint(
            model_name='sandboxrecipient',
            constraint=models.UniqueConstraint(fields=('account_number', 'bank_code', 'currency'), name='sandbox_recipient_once'),
        ),
        migrations.AddField(
            model_name='sandboxtransfer',
            name='recipient',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='transfers', to='sandbox.sandboxrecipient'),
        ),
        migrations.AddConstraint(
            model_name='switches',
            constraint=models.CheckConstraint(condition=models.Q(('id', 1)), name='sandbox_switches_once'),
        ),
        migrations.AddConstraint(
            model_name='sandboxledgerrow',
            constraint=models.CheckConstraint(condition=models.Q(('difference', 0), _negated=True), name='sandbox_ledger_row_moves'),
        ),
        migrations.AddConstraint(
            model_name='sandboxtransfer',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gt', 0), ('fee__gte', 0)), name='sandbox_transfer_amounts'),
        ),
        ServiceOnly("sandbox_sandboxbook"),
        ServiceOnly("sandbox_sandboxledgerrow"),
        ServiceOnly("sandbox_sandboxrecipient"),
        ServiceOnly("sandbox_sandboxtransfer"),
        ServiceOnly("sandbox_switches"),
    ]
