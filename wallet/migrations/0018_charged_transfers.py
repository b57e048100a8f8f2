from django.db import migrations

from core.sql import read
from wallet import sql

BACK = """
drop function wallet.send_charged(uuid, uuid, uuid, char(3), bigint, text, text[], bigint[]);
"""


class Migration(migrations.Migration):
    dependencies = [("wallet", "0017_fees")]

    operations = [migrations.RunSQL(read(sql.__file__, "send", "send_charged"), BACK)]
