from django.db import migrations, models

from core.rls import Policy, Protect

MINE = "owner_id = (select auth.uid())"


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0001_roles_and_partitions'),
    ]

    operations = [
        migrations.CreateModel(
            name='IdempotencyKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('owner_id', models.UUIDField()),
                ('credential', models.CharField(max_length=40)),
                ('method', models.CharField(max_length=8)),
                ('path', models.CharField(max_length=300)),
                ('key', models.CharField(max_length=255)),
                ('fingerprint', models.BinaryField(max_length=32)),
                ('subject_id', models.UUIDField(null=True)),
                ('status', models.PositiveSmallIntegerField(null=True)),
                ('content_type', models.CharField(blank=True, max_length=60)),
                ('body', models.TextField(blank=True)),
                ('claimed_until', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'verbose_name': 'idempotency key',
                'verbose_name_plural': 'idempotency keys',
                'indexes': [models.Index(fields=['created_at'], name='idempotency_key_age')],
                'constraints': [models.UniqueConstraint(fields=('owner_id', 'credential', 'key', 'method', 'path'), name='idempotency_key_once')],
            },
        ),
        Protect(
            "core_idempotencykey",
            policies=[
                Policy("own", "SELECT", using=MINE),
                Policy("own request", "INSERT", check=MINE),
                Policy("own answer", "UPDATE", using=MINE, check=MINE),
            ],
            authenticated="SELECT, INSERT, UPDATE (status, content_type, body, claimed_until)",
        ),
    ]
