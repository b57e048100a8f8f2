import django.db.models.deletion
from django.db import migrations, models

from core.sql import read
from wallet import sql

BACK = """
drop function wallet.send_charged(uuid, uuid, uuid, char(3), bigint, text, text[], bigint[]);
"""


class Migration(migrations.Migration):
    dependencies = [("wallet", "0017_fees")]

    operations = [
        migrations.AddField(
            model_name="feeschedule",
            name="approval",
            field=models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.approval",
            ),
        ),
        migrations.RunSQL(read(sql.__file__, "send", "send_charged"), BACK),
    ]
