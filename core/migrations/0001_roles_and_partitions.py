from django.conf import settings
from django.db import migrations

from core import sql

LOGIN = settings.DATABASES["default"]["USER"]


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.RunSQL(
            sql.read(sql.__file__, "roles", "partitions", "append_only"),
            "DROP SCHEMA core CASCADE; DROP SCHEMA partitions CASCADE; DROP SCHEMA auth CASCADE;",
        ),
        migrations.RunSQL(
            f'GRANT anon, authenticated, service_role TO "{LOGIN}"; GRANT USAGE ON SCHEMA public TO "{LOGIN}";',
            migrations.RunSQL.noop,
        ),
    ]
