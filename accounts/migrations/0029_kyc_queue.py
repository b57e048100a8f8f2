from pathlib import Path

from django.db import migrations, models

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0028_statuses'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='kycapplication',
            index=models.Index(condition=models.Q(('state__in', ['SUBMITTED', 'IN_REVIEW'])), fields=['submitted_at'], name='kyc_waiting'),
        ),
        migrations.AddIndex(
            model_name='kycapplication',
            index=models.Index(condition=models.Q(('state', 'IN_REVIEW')), fields=['leased_until'], name='kyc_leased'),
        ),
        migrations.AddIndex(
            model_name='session',
            index=models.Index(condition=models.Q(('last_ip__isnull', False)), fields=['last_ip', '-id'], name='session_from'),
        ),
        migrations.RunSQL((SQL / "kyc_queue.sql").read_text(), (SQL / "kyc_queue_drop.sql").read_text()),
    ]
