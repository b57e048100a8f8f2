from django.conf import settings
from django.db import migrations

from core.rls import Policy, Protect, ServiceOnly

LOGIN = settings.DATABASES["default"]["USER"]
MINE = "user_id = (select auth.uid())"
# Rows of other packages that name a person: sign-in and staff use them, as the service.
PERSONAL = [
    "accounts_user_groups",
    "accounts_user_user_permissions",
    "account_emailaddress",
    "account_emailconfirmation",
    "mfa_authenticator",
    "django_admin_log",
    "accounts_apitoken",
]
CATALOGUE = ["auth_group", "auth_group_permissions", "auth_permission", "django_content_type"]


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_people"),
        ("account", "0009_emailaddress_unique_primary_email"),
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("mfa", "0003_authenticator_type_uniq"),
    ]
    operations = [
        Protect(
            "accounts_user",
            policies=[Policy("own", "SELECT", using="id = (select auth.uid())")],
            authenticated="SELECT",
        ),
        Protect("accounts_customer", policies=[Policy("own", "SELECT", using=MINE)], authenticated="SELECT"),
        Protect("accounts_profile", policies=[Policy("own", "SELECT", using=MINE)], authenticated="SELECT"),
        Protect(
            "accounts_notification",
            policies=[
                Policy("own", "SELECT", using=MINE),
                Policy("mark read", "UPDATE", using=MINE, check=MINE),
            ],
            authenticated="SELECT, UPDATE (read_at)",
        ),
        Protect(
            "accounts_auditevent",
            policies=[
                Policy("own", "SELECT", using="actor_id = (select auth.uid())"),
                Policy("own deed", "INSERT", check="actor_id = (select auth.uid()) and actor_role = 'authenticated'"),
            ],
            authenticated="SELECT, INSERT",
            service="SELECT, INSERT",
        ),
        migrations.RunSQL(
            """
            CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON accounts_auditevent
                FOR EACH ROW EXECUTE FUNCTION core.append_only();
            CREATE TRIGGER no_truncate BEFORE TRUNCATE ON accounts_auditevent
                FOR EACH STATEMENT EXECUTE FUNCTION core.append_only();
            """,
            "DROP TRIGGER append_only ON accounts_auditevent; DROP TRIGGER no_truncate ON accounts_auditevent;",
        ),
        *[ServiceOnly(table) for table in PERSONAL],
        *[ServiceOnly(table) for table in CATALOGUE],
        ServiceOnly("django_migrations", service="SELECT"),
        migrations.RunSQL(
            f"""
            GRANT SELECT ON django_migrations TO "{LOGIN}";
            CREATE POLICY "at start" ON django_migrations FOR SELECT TO "{LOGIN}" USING (true);
            """,
            f"""
            DROP POLICY "at start" ON django_migrations; REVOKE ALL ON django_migrations FROM "{LOGIN}";
            """,
        ),
    ]
