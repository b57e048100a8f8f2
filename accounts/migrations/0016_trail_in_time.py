from django.db import migrations

from core.rls import Policy, Protect

NOW = "between now() - interval '5 minutes' and now() + interval '5 minutes'"


class Migration(migrations.Migration):
    dependencies = [("accounts", "0014_linking")]
    operations = [
        # A person's own deed is written when it is done: neither back into a month that is closed nor ahead.
        Protect(
            "accounts_auditevent",
            policies=[
                Policy("own", "SELECT", using="actor_id = (select auth.uid())"),
                Policy(
                    "about me",
                    "SELECT",
                    using="actor_id is null and target_type = 'accounts.user'"
                    " and target_id = (select auth.uid())::text",
                ),
                Policy(
                    "own deed",
                    "INSERT",
                    check="actor_id = (select auth.uid()) and actor_role = 'authenticated'"
                    f" and recorded_at {NOW} and uuid_extract_timestamp(id) {NOW}",
                ),
            ],
            authenticated="SELECT, INSERT",
            service="SELECT, INSERT",
        ),
    ]
