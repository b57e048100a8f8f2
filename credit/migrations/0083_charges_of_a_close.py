from django.db import migrations

from core.sql import read
from credit import sql


class Migration(migrations.Migration):
    """The close of a day writes late charges into positions and standings; an older one is replaced."""

    dependencies = [
        ('credit', '0082_drawdown'),
    ]

    operations = [
        migrations.RunSQL(read(sql.__file__, "closing"), migrations.RunSQL.noop),
    ]
