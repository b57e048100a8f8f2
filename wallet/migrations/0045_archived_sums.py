from django.db import migrations

from core.sql import read
from wallet import sql

# Months that are out but still in the database: theirs are kept now. One that is in its files alone says in verify_ledger
# what is missing, until it was restored and taken out anew.
KEEP = """
do $$
declare
    v_month record;
begin
    for v_month in
        select m.archive_id, m.since, m.until, a.partition from public.wallet_archivedmonth m
        join public.core_archive a on a.id = m.archive_id and a.state = 'DETACHED'
        where not exists (select from public.wallet_archivedsum s where s.archive_id = m.archive_id)
    loop
        perform wallet.keep_sums(
            v_month.archive_id, format('archived.%I', v_month.partition)::regclass, v_month.since, v_month.until);
    end loop;
end
$$;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('core', '0003_archives'),
        ('wallet', '0044_refunds_let_go'),
    ]

    operations = [
        migrations.RunSQL(
            read(sql.__file__, "archived", "archiving", "periods", "verify") + KEEP, migrations.RunSQL.noop
        ),
    ]
