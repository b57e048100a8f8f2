from django.db import migrations

from core.rls import Policy, Protect

NOT_BACK = ">= now() - interval '5 minutes'"


class Migration(migrations.Migration):
    dependencies = [("accounts", "0014_linking")]
    operations = [
        # A person's own deed is written when it is done, and never back into what was.
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
                    f" and recorded_at {NOT_BACK} and uuid_extract_timestamp(id) {NOT_BACK}",
                ),
            ],
            authenticated="SELECT, INSERT",
            service="SELECT, INSERT",
        ),
    ]
