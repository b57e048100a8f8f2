from django.db import migrations

from core.sql import read
from wallet import sql

BACK = """
drop function wallet.announce(integer);
alter table wallet_follower add column horizon xid8;
update wallet_follower set horizon = pg_snapshot_xmin(snapshot);
alter table wallet_follower alter column horizon set not null, drop column snapshot;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('wallet', '0005_reports'),
        ('realtime', '0001_outbox'),
    ]

    operations = [migrations.RunSQL(read(sql.__file__, "announce"), BACK)]
