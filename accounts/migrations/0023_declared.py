from django.db import migrations

from realtime.declaring import Declare


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0022_webhooks'),
        ('realtime', '0002_changes'),
    ]

    operations = [
        Declare(
            "accounts_notification", owner="user_id", columns=["id", "user_id", "event", "data", "created_at", "read_at"]
        ),
    ]
