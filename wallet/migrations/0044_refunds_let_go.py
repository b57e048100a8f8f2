from django.db import migrations

NAIRA = 100
ACTION = "wallet.refund_asked"
# From which amount it takes how many checkers.
BANDS = [(0, 1), (1_000_000 * NAIRA, 2)]
HOURS = 72


def seed(apps, schema_editor):
    bands = apps.get_model("accounts", "ApprovalBand").objects.using(schema_editor.connection.alias)
    for least, needed in BANDS:
        bands.create(action=ACTION, from_amount=least, approvals_needed=needed, expires_hours=HOURS)


def unseed(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("alter table accounts_approvalband disable trigger append_only")
        cursor.execute("delete from accounts_approvalband where action = %s", [ACTION])
        cursor.execute("alter table accounts_approvalband enable trigger append_only")


class Migration(migrations.Migration):
    dependencies = [("accounts", "0032_by_two_people"), ("wallet", "0043_refunds_asked")]

    operations = [migrations.RunPython(seed, unseed)]
