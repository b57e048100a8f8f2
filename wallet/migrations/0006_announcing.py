from django.db import migrations

from core.sql import read
from realtime.declaring import Declare
from wallet import sql

PUBLISHED = [
    *("id", "posting_id", "debit_account_id", "credit_account_id", "amount", "currency", "kind", "description"),
    *("effective_at", "recorded_at", "hold_id", "reverses", "actor_id"),
]
BACK = """
drop function wallet.announce(integer);
alter table wallet_follower add column horizon xid8;
update wallet_follower set horizon = pg_snapshot_xmin(snapshot);
alter table wallet_follower alter column horizon set not null, drop column snapshot;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('wallet', '0005_reports'),
        ('realtime', '0003_subscriptions'),
    ]

    operations = [
        # What of a transaction either side may read; the balances and versions are not among it.
        Declare("wallet_transaction", columns=PUBLISHED, trigger=False),
        migrations.RunSQL(read(sql.__file__, "follower", "announce"), BACK),
    ]
