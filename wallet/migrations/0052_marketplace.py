from django.db import migrations, models


def open_accounts(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT wallet.open_system_account('MARKETPLACE_ESCROW', 'ESCROW', 'NGN', 'CREDIT')")


class Migration(migrations.Migration):
    """Sellers' own accounts, and where what buyers paid waits until the goods are there."""

    dependencies = [
        ('wallet', '0051_reserves'),
    ]

    operations = [
        migrations.AlterField(
            model_name='account',
            name='kind',
            field=models.TextField(choices=[('WALLET', 'Wallet'), ('HELD', 'Waiting for an upgrade'), ('SAVINGS', 'Savings'), ('SUSPENSE', 'Suspense'), ('CLEARING', 'Gateway clearing'), ('FEE_EXPENSE', 'Fees we pay'), ('BONUS_EXPENSE', 'Bonuses we pay'), ('CHARGEBACK_EXPENSE', 'Chargebacks we bear'), ('ROUNDING', 'Parts of a kobo'), ('FEE_INCOME', 'Fees we earn'), ('VAT_PAYABLE', 'VAT we owe'), ('STAMP_DUTY_PAYABLE', 'Stamp duty we owe'), ('LEVY_PAYABLE', 'Levies we owe'), ('INTEREST_EXPENSE', 'Interest we pay'), ('WITHHOLDING_TAX_PAYABLE', 'Tax withheld that we owe'), ('PENALTY_INCOME', 'Penalties we earn'), ('MERCHANT', 'Merchant'), ('LENDER', 'Lender'), ('SELLER', 'Seller'), ('ESCROW', 'Held for orders'), ('LOAN_SUSPENSE', 'Paid too much on loans'), ('EQUITY', 'Equity')]),
        ),
        migrations.RunPython(open_accounts, migrations.RunPython.noop),
    ]
