"""What is kept of settings of money: gateways, without their credentials, and the rules of tiers."""

from core.history import keep
from wallet.models.deposits import PaymentGateway
from wallet.models.limits import TierRule

# Which approval made a rule stands with the rule, and never changes.
LEFT_OUT: dict[str, frozenset[str]] = {
    "wallet.paymentgateway": frozenset({"credentials"}),
    "wallet.tierrule": frozenset({"approval"}),
}

PaymentGatewayHistory = keep(
    PaymentGateway,
    name="PaymentGatewayHistory",
    app_label="wallet",
    fields=[
        *("kind", "name", "currencies", "priority", "fee_percent", "fee_flat", "fee_cap"),
        *("min_amount", "max_amount", "active"),
        *("payout_fee_flat", "payout_min_amount", "payout_max_amount"),
    ],
    secret=["credentials"],
)
TierRuleHistory = keep(
    TierRule,
    name="TierRuleHistory",
    app_label="wallet",
    fields=[
        *(
            "tier",
            "currency",
            "from_date",
            "daily_sending",
            "daily_receiving",
            "single_amount",
            "balance_cap",
        ),
        *("requires", "grace_days", "source"),
    ],
)
