from django.db import migrations

from core.sql import read
from wallet import sql


class Migration(migrations.Migration):
    """Customers' transfers and holds leave alone what is saved under a plan."""

    dependencies = [
        ('wallet', '0047_savings_accounts'),
    ]

    operations = [
        migrations.RunSQL(read(sql.__file__, "post", "holds"), migrations.RunSQL.noop),
    ]
