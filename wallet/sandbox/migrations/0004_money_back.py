import django.db.models.deletion
from django.db import migrations, models

from core.rls import ServiceOnly


class Migration(migrations.Migration):

    dependencies = [
        ('sandbox', '0003_payouts'),
    ]

    operations = [
        migrations.RemoveField(
            model_name='sandboxcharge',
            name='card_number',
        ),
        migrations.AddField(
            model_name='sandboxcharge',
            name='channel',
            field=models.CharField(default='card', max_length=20),
        ),
        migrations.AddField(
            model_name='sandboxcharge',
            name='customer',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='charges', to='sandbox.sandboxcustomer'),
        ),
        migrations.AddField(
            model_name='sandboxcharge',
            name='sender',
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name='sandboxcharge',
            name='steps',
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name='sandboxcustomer',
            name='phone',
            field=models.CharField(blank=True, default='', max_length=30),
        ),
        migrations.AlterField(
            model_name='sandboxcharge',
            name='status',
            field=models.CharField(choices=[('ABANDONED', 'Not paid yet'), ('SUCCESS', 'Paid'), ('FAILED', 'Declined'), ('REVERSED', 'Paid back')], default='ABANDONED', max_length=10),
        ),
        migrations.CreateModel(
            name='SandboxAccount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.CharField(max_length=10, unique=True)),
                ('name', models.CharField(max_length=200)),
                ('provider', models.CharField(max_length=30)),
                ('active', models.BooleanField(default=True)),
                ('asked_about_at', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField()),
                ('customer', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='accounts', to='sandbox.sandboxcustomer')),
            ],
        ),
        migrations.CreateModel(
            name='SandboxCard',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.CharField(max_length=19)),
                ('code', models.CharField(max_length=30, unique=True)),
                ('signature', models.CharField(max_length=30)),
                ('expires_month', models.PositiveSmallIntegerField()),
                ('expires_year', models.PositiveSmallIntegerField()),
                ('reusable', models.BooleanField()),
                ('customer', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='cards', to='sandbox.sandboxcustomer')),
            ],
        ),
        migrations.AddField(
            model_name='sandboxcharge',
            name='card',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='charges', to='sandbox.sandboxcard'),
        ),
        migrations.CreateModel(
            name='SandboxDispute',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('amount', models.BigIntegerField()),
                ('status', models.CharField(choices=[('AWAITING_MERCHANT', 'Waiting for us'), ('AWAITING_BANK', 'Contested, waiting for the bank'), ('RESOLVED', 'Resolved')], default='AWAITING_MERCHANT', max_length=20)),
                ('resolution', models.CharField(blank=True, max_length=30)),
                ('category', models.CharField(default='chargeback', max_length=30)),
                ('message', models.CharField(blank=True, max_length=300)),
                ('due_at', models.DateTimeField()),
                ('created_at', models.DateTimeField()),
                ('updated_at', models.DateTimeField()),
                ('charge', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='disputes', to='sandbox.sandboxcharge')),
            ],
        ),
        migrations.CreateModel(
            name='SandboxRefund',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reference', models.CharField(max_length=30, unique=True)),
                ('amount', models.BigIntegerField()),
                ('currency', models.CharField(max_length=3)),
                ('status', models.CharField(choices=[('PENDING', 'Ordered'), ('PROCESSING', 'On its way'), ('PROCESSED', 'Paid back'), ('FAILED', 'Failed'), ('NEEDS_ATTENTION', 'Wants an account')], default='PENDING', max_length=20)),
                ('customer_note', models.CharField(blank=True, max_length=200)),
                ('merchant_note', models.CharField(blank=True, max_length=200)),
                ('account', models.JSONField(default=dict)),
                ('quirks', models.JSONField(default=dict)),
                ('due_at', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField()),
                ('updated_at', models.DateTimeField()),
                ('charge', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='refunds', to='sandbox.sandboxcharge')),
            ],
        ),
        migrations.AddConstraint(
            model_name='sandboxcard',
            constraint=models.UniqueConstraint(fields=('customer', 'number'), name='sandbox_card_once'),
        ),
        migrations.AddConstraint(
            model_name='sandboxdispute',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='sandbox_dispute_amount'),
        ),
        migrations.AddConstraint(
            model_name='sandboxrefund',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='sandbox_refund_amount'),
        ),
        ServiceOnly("sandbox_sandboxaccount"),
        ServiceOnly("sandbox_sandboxcard"),
        ServiceOnly("sandbox_sandboxdispute"),
        ServiceOnly("sandbox_sandboxrefund"),
    ]
