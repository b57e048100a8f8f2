from django.db import migrations

NAIRA = 100
# From which amount an action takes how many checkers. What gives up a claim, or takes a payment back, has an amount.
PLAIN = ("reschedule", "re_age", "change_rate", "capitalise", "waive", "pause", "undo_write_off")
GRAVE = ("charge_off", "write_off", "take_back")
BANDS = [
    *((f"credit.{name}", 0, 1) for name in (*PLAIN, *GRAVE)),
    *((f"credit.{name}", 1_000_000 * NAIRA, 2) for name in GRAVE),
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
            "delete from accounts_approvalband where action = any (%s)", [[action for action, *_rest in BANDS]]
        )
        cursor.execute("alter table accounts_approvalband enable trigger append_only")


class Migration(migrations.Migration):
    """How many people a measure for a loan takes."""

    dependencies = [
        ("accounts", "0036_audit_archive"),
        ("credit", "0020_first_card"),
    ]

    operations = [migrations.RunPython(seed, unseed)]
