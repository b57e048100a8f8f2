import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from core.rls import Policy, Protect
from core.sql import read
from credit import sql

OF_OWN = "application_id in (select a.id from credit_application a where a.user_id = (select auth.uid()))"


class Migration(migrations.Migration):
    """An officer may mark a bureau's report as disputed for the person it is about; another decides on it."""

    dependencies = [
        ('credit', '0083_charges_of_a_close'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='bureaureport',
            name='disputed_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        Protect(
            "credit_bureaureport",
            policies=[Policy("own", "SELECT", using=OF_OWN)],
            authenticated="SELECT",
            service="SELECT, INSERT, UPDATE (state, sealed, sha256, mapped, error, answered_at, disputed_at, dispute, disputed_by_id)",
        ),
        migrations.RunSQL(
            read(sql.__file__, "disputes"),
            "drop trigger another_settles on public.credit_case; drop function credit.another_settles()",
        ),
    ]
