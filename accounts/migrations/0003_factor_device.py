import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


# The months made with the table itself are older than its triggers, and a partition inherits none per statement.
GUARD_FIRST_MONTHS = """
DO $$ DECLARE month regclass; BEGIN
  FOR month IN
    SELECT inhrelid FROM pg_catalog.pg_inherits i WHERE inhparent = 'public.accounts_auditevent'::regclass
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid = i.inhrelid AND t.tgname = 'no_truncate')
  LOOP
    PERFORM partitions.prepare('public.accounts_auditevent'::regclass, month);
  END LOOP;
END $$;
"""


class Migration(migrations.Migration):
    """django-otp's view of allauth's factors: the same table, which row security already guards."""

    dependencies = [("accounts", "0002_row_security"), ("mfa", "0003_authenticator_type_uniq")]
    operations = [
        migrations.CreateModel(
            name="Factor",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(db_column="type", max_length=20)),
                (
                    "user",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "second factor",
                "verbose_name_plural": "second factors",
                "db_table": "mfa_authenticator",
                "managed": False,
            },
        ),
        migrations.RunSQL(GUARD_FIRST_MONTHS, migrations.RunSQL.noop),
    ]
