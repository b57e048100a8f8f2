from django.db import migrations, models

from core.sql import read
from wallet import sql


def open_accounts(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(
            "SELECT wallet.open_system_account('LOAN_OVERPAYMENTS', 'LOAN_SUSPENSE', 'NGN', 'CREDIT')"
        )


class Migration(migrations.Migration):
    """Lenders' own accounts, and where what was paid too much on a loan waits to go back."""

    dependencies = [
        ('wallet', '0049_savings_papers'),
    ]

    operations = [
        migrations.AlterField(
            model_name='account',
            name='kind',
            field=models.TextField(choices=[('WALLET', 'Wallet'), ('HELD', 'Waiting for an upgrade'), ('SAVINGS', 'Savings'), ('SUSPENSE', 'Suspense'), ('CLEARING', 'Gateway clearing'), ('FEE_EXPENSE', 'Fees we pay'), ('BONUS_EXPENSE', 'Bonuses we pay'), ('CHARGEBACK_EXPENSE', 'Chargebacks we bear'), ('ROUNDING', 'Parts of a kobo'), ('FEE_INCOME', 'Fees we earn'), ('VAT_PAYABLE', 'VAT we owe'), ('STAMP_DUTY_PAYABLE', 'Stamp duty we owe'), ('LEVY_PAYABLE', 'Levies we owe'), ('INTEREST_EXPENSE', 'Interest we pay'), ('WITHHOLDING_TAX_PAYABLE', 'Tax withheld that we owe'), ('PENALTY_INCOME', 'Penalties we earn'), ('MERCHANT', 'Merchant'), ('LENDER', 'Lender'), ('LOAN_SUSPENSE', 'Paid too much on loans'), ('EQUITY', 'Equity')]),
        ),
        migrations.AlterField(
            model_name='document',
            name='kind',
            field=models.CharField(choices=[('STATEMENT', 'Account statement'), ('RECEIPT', 'Receipt'), ('RECONCILIATION', 'Reconciliation report'), ('SETTLEMENT', 'Settlement report'), ('SAVINGS_STATEMENT', 'Savings statement'), ('INTEREST_CERTIFICATE', 'Interest certificate'), ('LOAN_AGREEMENT', 'Loan agreement'), ('LOAN_STATEMENT', 'Loan statement'), ('DISCHARGE_LETTER', 'Discharge letter')], max_length=20),
        ),
        migrations.RunSQL(read(sql.__file__, "counting"), migrations.RunSQL.noop),
        migrations.RunPython(open_accounts, migrations.RunPython.noop),
    ]
