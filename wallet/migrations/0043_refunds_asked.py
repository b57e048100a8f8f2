import django.db.models.deletion
from django.db import migrations, models

from core.rls import Policy, Protect

THEIRS = "account_id = any ((select wallet.own_accounts())::uuid[])"
# Not what staff write of it.
REFUND = (
    "id, posting_id, rest_posting_id, hold_id, account_id, payment_id, suspended_id, gateway_id, reference, gateway_refund, "
    "amount, currency_id, shortfall, state, note, requested_by_id, created_at, ordered_at, next_check_at, checks, settled_at, "
    "error, bank_account_id"
)
# What was asked for of a payout stays as it was; only what became of it is written later.
PAYOUT = (
    "gateway_id, state, recipient, gateway_transfer, session, gateway_fee, reason, orders, checks, next_check_at, "
    "ordered_at, unknown_since, settled_at, returned_at, posting_id, gateway_fee_posting_id, return_posting_id, "
    "fee_return_posting_id"
)
STATES = [
    ("ASKED", "Being looked at"),
    ("HELD", "Waiting to be sent"),
    ("UNKNOWN", "No answer yet"),
    ("PENDING", "On its way"),
    ("NEEDS_ATTENTION", "Needs a bank account"),
    ("SUCCEEDED", "Paid back"),
    ("FAILED", "Not paid back"),
]


class Migration(migrations.Migration):
    dependencies = [("wallet", "0042_organisation_files")]

    operations = [
        migrations.RemoveConstraint(model_name="refund", name="refund_one_unnamed"),
        migrations.AddField(
            model_name="refund",
            name="bank_account",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="refunds",
                to="wallet.bankaccount",
            ),
        ),
        migrations.AddField(
            model_name="payout",
            name="fee_return_posting_id",
            field=models.UUIDField(editable=False, null=True, unique=True),
        ),
        migrations.AlterField(
            model_name="refund",
            name="state",
            field=models.CharField(choices=STATES, default="HELD", max_length=16),
        ),
        migrations.AlterField(
            model_name="merchantrefund",
            name="state",
            field=models.CharField(choices=STATES, default="SUCCEEDED", max_length=16),
        ),
        migrations.AddConstraint(
            model_name="refund",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ("ASKED", "HELD", "UNKNOWN"))),
                fields=("gateway", "reference"),
                name="refund_one_unnamed",
            ),
        ),
        Protect(
            "wallet_refund",
            policies=[Policy("own", "SELECT", using=THEIRS)],
            authenticated=f"SELECT ({REFUND})",
            service="SELECT, INSERT, UPDATE",
        ),
        Protect(
            "wallet_payout",
            policies=[Policy("own", "SELECT", using=THEIRS)],
            authenticated="SELECT",
            service=f"SELECT, INSERT, UPDATE ({PAYOUT})",
        ),
    ]
