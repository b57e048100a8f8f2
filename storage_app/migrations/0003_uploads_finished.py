from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('storage_app', '0002_listing_and_removals'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='upload',
            name='upload_bucket',
        ),
        migrations.AddField(
            model_name='upload',
            name='finished_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddIndex(
            model_name='upload',
            index=models.Index(fields=['bucket', 'owner'], name='upload_of'),
        ),
    ]
