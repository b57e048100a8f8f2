import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from core.sql import read
from credit import sql


class Migration(migrations.Migration):
    """An officer may mark a bureau's report as disputed for the person it is about; another decides on it."""

    dependencies = [
        ('credit', '0082_drawdown'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='bureaureport',
            name='disputed_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.RunSQL(
            "grant update (disputed_by_id) on public.credit_bureaureport to service_role",
            "revoke update (disputed_by_id) on public.credit_bureaureport from service_role",
        ),
        migrations.RunSQL(
            read(sql.__file__, "disputes"),
            "drop trigger another_settles on public.credit_case; drop function credit.another_settles()",
        ),
    ]
