from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('wallet', '0004_one_append_only'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='webhookevent',
            options={'permissions': [('replay_webhook', 'Can have a webhook dealt with again')], 'verbose_name': 'webhook', 'verbose_name_plural': 'webhooks'},
        ),
        migrations.AlterField(
            model_name='case',
            name='kind',
            field=models.CharField(choices=[('WRONG_AMOUNT', 'Wrong amount'), ('WRONG_CURRENCY', 'Wrong currency'), ('UNKNOWN_REFERENCE', 'Unknown reference'), ('LATE_PAYMENT', 'Account cannot take it'), ('REPORTED', 'Reported by the customer')], max_length=20),
        ),
    ]
