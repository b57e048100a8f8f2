from django.db import migrations, models

from core.sql import read
from wallet import sql

# Functions whose arguments are others now.
GONE = """
drop function if exists wallet.apply_posting(uuid, text[], uuid[], uuid[], bigint[], text, timestamptz, uuid, uuid);
drop function if exists wallet.given_back(public.wallet_account, text, uuid, integer);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("wallet", "0020_payouts"),
    ]

    operations = [
        migrations.RunSQL(
            GONE + read(sql.__file__, "parts", "counting", "post", "reverse", "archived", "verify"), migrations.RunSQL.noop
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name="PartReversal",
                    fields=[
                        ("posting_id", models.UUIDField(primary_key=True, serialize=False)),
                        ("transaction_id", models.UUIDField()),
                        ("before", models.BigIntegerField()),
                        ("amount", models.BigIntegerField()),
                        ("whole", models.BigIntegerField()),
                        ("actor_id", models.UUIDField(null=True)),
                        ("created_at", models.DateTimeField()),
                    ],
                    options={"db_table": "wallet_partreversal"},
                ),
            ]
        ),
    ]
