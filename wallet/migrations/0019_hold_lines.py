from django.db import migrations, models

from core.sql import read
from wallet import sql

# Functions whose arguments are others now; then all that reads or writes what of a hold counts.
GONE = """
set constraints all immediate;
drop function if exists wallet.place_hold(uuid, uuid, bigint, timestamptz, text), wallet.lock_hold(uuid, uuid);
"""
FUNCTIONS = read(sql.__file__, "columns", "parts", "counting", "post", "holds", "archived", "verify")
RIGHTS = """
revoke all on all functions in schema wallet from public;
grant execute on function wallet.place_hold(uuid, uuid, bigint, timestamptz, text, bigint) to authenticated, service_role;
grant execute on function wallet.commit_hold_lines(uuid, uuid, text[], uuid[], bigint[], text, timestamptz) to service_role;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('wallet', '0018_charged_transfers'),
    ]

    operations = [
        migrations.RunSQL(GONE + FUNCTIONS + RIGHTS, migrations.RunSQL.noop),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AddField(
                    model_name='hold',
                    name='counted',
                    field=models.BigIntegerField(default=0),
                    preserve_default=False,
                ),
                migrations.AddField(
                    model_name='hold',
                    name='counted_committed',
                    field=models.BigIntegerField(default=0),
                ),
            ],
        ),
    ]
