from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('wallet', '0048_saved_money'),
    ]

    operations = [
        migrations.AlterField(
            model_name='document',
            name='kind',
            field=models.CharField(choices=[('STATEMENT', 'Account statement'), ('RECEIPT', 'Receipt'), ('RECONCILIATION', 'Reconciliation report'), ('SETTLEMENT', 'Settlement report'), ('SAVINGS_STATEMENT', 'Savings statement'), ('INTEREST_CERTIFICATE', 'Interest certificate')], max_length=20),
        ),
    ]
