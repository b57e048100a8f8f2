from django.db import migrations

NAIRA = 100
# From which amount an action takes how many checkers.
BANDS = [
    ("wallet.attribute_deposit", 0, 1),
    ("wallet.attribute_deposit", 1_000_000 * NAIRA, 2),
    ("wallet.refund", 0, 1),
    ("wallet.refund", 1_000_000 * NAIRA, 2),
]
HOURS = 72


def seed(apps, schema_editor):
    bands = apps.get_model("accounts", "ApprovalBand").objects.using(schema_editor.connection.alias)
    for action, least, needed in BANDS:
        bands.create(action=action, from_amount=least, approvals_needed=needed, expires_hours=HOURS)


def unseed(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("alter table accounts_approvalband disable trigger append_only")
        cursor.execute(
            "delete from accounts_approvalband where action in ('wallet.attribute_deposit', 'wallet.refund')"
        )
        cursor.execute("alter table accounts_approvalband enable trigger append_only")


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0032_by_two_people"),
        ("wallet", "0024_money_in"),
    ]

    operations = [migrations.RunPython(seed, unseed)]
