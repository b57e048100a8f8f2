from pathlib import Path

import django.utils.timezone
from django.db import migrations, models

from core.rls import Policy, Protect

SQL = Path(__file__).parent.parent / "sql"
# A person's requests, or those an organisation made by one of its keys.
MINE = "owner_id = coalesce((select auth.uid()), (select (auth.jwt() ->> 'org_id')::uuid))"


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0008_social'),
        ('core', '0002_idempotency'),
    ]

    operations = [
        migrations.DeleteModel(
            name='ApiToken',
        ),
        migrations.AlterField(
            model_name='apikey',
            name='created_at',
            field=models.DateTimeField(default=django.utils.timezone.now),
        ),
        migrations.RunSQL((SQL / "api_keys.sql").read_text(), "drop function auth.api_key(text);"),
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
