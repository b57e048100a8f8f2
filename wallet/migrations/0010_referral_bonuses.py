from django.db import migrations, models

from core.sql import read
from wallet import sql


# What bonuses for invitations cost us. Hot: thousands are paid in one statement.
CODE, KIND = "REFERRAL_BONUSES", "BONUS_EXPENSE"


def open_account(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT wallet.open_system_account(%s, %s, 'NGN', 'DEBIT')", [CODE, KIND])


class Migration(migrations.Migration):

    dependencies = [
        ('wallet', '0009_paused_transfers'),
        ('accounts', '0030_referrals'),
    ]

    operations = [
        migrations.AddField(
            model_name='payment',
            name='card_index',
            field=models.CharField(blank=True, db_default='', default='', max_length=64),
        ),
        migrations.AlterField(
            model_name='account',
            name='kind',
            field=models.TextField(choices=[('WALLET', 'Wallet'), ('HELD', 'Waiting for an upgrade'), ('SUSPENSE', 'Suspense'), ('CLEARING', 'Gateway clearing'), ('FEE_EXPENSE', 'Fees we pay'), ('BONUS_EXPENSE', 'Bonuses we pay'), ('FEE_INCOME', 'Fees we earn'), ('VAT_PAYABLE', 'VAT we owe'), ('EQUITY', 'Equity')]),
        ),
        migrations.AddIndex(
            model_name='payment',
            index=models.Index(condition=models.Q(('card_index', ''), _negated=True), fields=['card_index'], name='payment_by_card'),
        ),
        migrations.RunSQL(read(sql.__file__, "announce"), migrations.RunSQL.noop),
        migrations.RunPython(open_account, migrations.RunPython.noop),
    ]
