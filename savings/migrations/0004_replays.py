import django.db.models.deletion
from django.db import migrations, models

import core.ids
from core.sql import read
from savings import sql

# What closed a day before it knew of closed months.
DROP = "drop function if exists savings.close_day(date, uuid, uuid)"
RIGHTS = """
revoke all on all functions in schema savings from public;
grant execute on all functions in schema savings to service_role;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0036_audit_archive'),
        ('savings', '0002_saving_for_real'),
    ]

    operations = [
        migrations.AddField(
            model_name='replay',
            name='posting_id',
            field=models.UUIDField(default=core.ids.posting_id, editable=False, unique=True),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='replay',
            name='approval',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.approval'),
        ),
        migrations.AddField(
            model_name='replay',
            name='stands_from',
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name='replay',
            name='balance',
            field=models.BigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='replay',
            name='carry',
            field=models.DecimalField(decimal_places=10, default=0, max_digits=30),
        ),
        migrations.AddField(
            model_name='replay',
            name='capital',
            field=models.DecimalField(decimal_places=10, default=0, max_digits=30),
        ),
        migrations.AddField(
            model_name='replay',
            name='interest',
            field=models.BigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='replay',
            name='tax',
            field=models.BigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='replay',
            name='adjusting_id',
            field=models.UUIDField(editable=False, null=True, unique=True),
        ),
        migrations.RunSQL(DROP, migrations.RunSQL.noop),
        migrations.RunSQL(read(sql.__file__, "interest", "replays"), migrations.RunSQL.noop),
        migrations.RunSQL(RIGHTS, migrations.RunSQL.noop),
    ]
