import django.db.models.deletion
from django.db import migrations, models

from core.rls import Policy, Protect

MINE = "organization_id = any (array (select auth.organizations()))"
STATES = [
    ("HELD", "Waiting to be sent"),
    ("UNKNOWN", "No answer yet"),
    ("PENDING", "On its way"),
    ("NEEDS_ATTENTION", "Needs a bank account"),
    ("SUCCEEDED", "Paid back"),
    ("FAILED", "Not paid back"),
]


class Migration(migrations.Migration):
    dependencies = [("wallet", "0036_lighter_differences")]

    operations = [
        migrations.AddField(
            model_name="merchantrefund",
            name="refund",
            field=models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="merchants",
                to="wallet.refund",
            ),
        ),
        migrations.AddField(
            model_name="merchantrefund",
            name="state",
            field=models.CharField(choices=STATES, default="SUCCEEDED", max_length=16),
        ),
        migrations.AddConstraint(
            model_name="merchantrefund",
            constraint=models.CheckConstraint(
                condition=models.Q(("refund__isnull", False), ("state", "SUCCEEDED"), _connector="OR"),
                name="merchant_refund_to_wallet_at_once",
            ),
        ),
        Protect(
            "wallet_merchantrefund",
            policies=[Policy("members", "SELECT", using=MINE)],
            authenticated="SELECT",
            service="SELECT, INSERT, UPDATE (state)",
        ),
    ]
