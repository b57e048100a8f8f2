from django.db import migrations

from core.sql import read
from wallet import sql

GONE = "drop function if exists wallet.reserve_many(uuid[], uuid[], bigint[], timestamptz[], text)"


class Migration(migrations.Migration):
    """What automatic offers set aside, in one statement."""

    dependencies = [
        ('wallet', '0050_lenders'),
    ]

    operations = [
        migrations.RunSQL(read(sql.__file__, "reserves"), GONE),
    ]
