from django.db import migrations, models

from core.sql import read
from wallet import sql

NEW = (
    ("XPRESS_PAY_CLEARING", "CLEARING", "DEBIT"),
    ("XPRESS_WALLET_CLEARING", "CLEARING", "DEBIT"),
    ("CHARGEBACKS", "CHARGEBACK_EXPENSE", "DEBIT"),
    ("ROUNDING", "ROUNDING", "DEBIT"),
    ("STAMP_DUTY_PAYABLE", "STAMP_DUTY_PAYABLE", "CREDIT"),
    ("LEVY_PAYABLE", "LEVY_PAYABLE", "CREDIT"),
)


def open_accounts(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        for code, kind, side in NEW:
            cursor.execute("SELECT wallet.open_system_account(%s, %s, 'NGN', %s)", [code, kind, side])


class Migration(migrations.Migration):

    dependencies = [
        ('wallet', '0010_referral_bonuses'),
    ]

    operations = [
        migrations.AlterField(
            model_name='account',
            name='kind',
            field=models.TextField(choices=[('WALLET', 'Wallet'), ('HELD', 'Waiting for an upgrade'), ('SUSPENSE', 'Suspense'), ('CLEARING', 'Gateway clearing'), ('FEE_EXPENSE', 'Fees we pay'), ('BONUS_EXPENSE', 'Bonuses we pay'), ('CHARGEBACK_EXPENSE', 'Chargebacks we bear'), ('ROUNDING', 'Parts of a kobo'), ('FEE_INCOME', 'Fees we earn'), ('VAT_PAYABLE', 'VAT we owe'), ('STAMP_DUTY_PAYABLE', 'Stamp duty we owe'), ('LEVY_PAYABLE', 'Levies we owe'), ('MERCHANT', 'Merchant'), ('EQUITY', 'Equity')]),
        ),
        migrations.AlterField(
            model_name='case',
            name='kind',
            field=models.CharField(choices=[('WRONG_AMOUNT', 'Wrong amount'), ('WRONG_CURRENCY', 'Wrong currency'), ('UNKNOWN_REFERENCE', 'Unknown reference'), ('LATE_PAYMENT', 'Account cannot take it'), ('UNMAPPED_DEPOSIT', 'Deposit that nobody is known for'), ('UNKNOWN_PAYOUT', 'Payout without an answer'), ('UNKNOWN_REFUND', 'Refund without an answer'), ('DISPUTE', 'Disputed payment'), ('BREAK', 'Difference found in reconciliation'), ('REPORTED', 'Reported by the customer')], max_length=20),
        ),
        migrations.AlterField(
            model_name='paymentgateway',
            name='kind',
            field=models.CharField(choices=[('PAYSTACK', 'Paystack'), ('XPRESS_PAY', 'XpressPay'), ('XPRESS_WALLET', 'Xpress Wallet')], max_length=20),
        ),
        migrations.AlterField(
            model_name='paymentgatewayhistory',
            name='kind',
            field=models.CharField(choices=[('PAYSTACK', 'Paystack'), ('XPRESS_PAY', 'XpressPay'), ('XPRESS_WALLET', 'Xpress Wallet')], max_length=20),
        ),
        migrations.RunSQL(read(sql.__file__, "columns", "counting"), migrations.RunSQL.noop),
        migrations.RunPython(open_accounts, migrations.RunPython.noop),
    ]
