"""What goes in (strictly) and what comes out. Amounts are in minor units."""

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from accounts import letters
from accounts.api.organizations.serializers import ORGANIZATION
from core.api.ids import IdField
from core.api.serializers import InstantField, MoneyField, ObjectField, StrictSerializer, TextField
from wallet.api.serializers import CurrencyField, OpenEnumField
from wallet.merchant_events import LINK, MERCHANT, PAYMENT, REFUND
from wallet.models import Merchant, MerchantPayment, MerchantRefund, PaymentLink


class MerchantSerializer(serializers.Serializer[Merchant]):
    """An organisation that takes money. `balance` is what it may take out."""

    id = IdField(MERCHANT)
    object = ObjectField("merchant")
    organization = IdField(ORGANIZATION, source="organization_id")
    display_name = serializers.CharField()
    category = OpenEnumField()
    state = OpenEnumField(help_text=_("APPLIED, ACTIVE, SUSPENDED."))
    balance = MoneyField(source="account.available")
    currency = serializers.CharField(source="account.currency_id", help_text=_("ISO 4217."))
    at_own_gateway = serializers.BooleanField(
        source="brings_gateway", help_text=_("Whether cards are charged at the merchant's own gateway.")
    )
    applied_at = InstantField()


class LinkSerializer(serializers.Serializer[PaymentLink]):
    """What a merchant asks for at an address. Send `url` to whoever is to pay; null `amount`: they choose."""

    id = IdField(LINK)
    object = ObjectField("payment_link")
    merchant = IdField(MERCHANT, source="merchant_id")
    url = serializers.SerializerMethodField()
    title = serializers.CharField()
    amount = MoneyField(allow_null=True)
    currency = serializers.CharField(source="currency_id", help_text=_("ISO 4217."))
    description = serializers.CharField()
    success_message = serializers.CharField()
    picture_url = serializers.SerializerMethodField(
        help_text=_("What is shown beside it; null without one. Members choose it on their pages.")
    )
    single_use = serializers.BooleanField()
    expires_at = InstantField(allow_null=True)
    state = OpenEnumField(help_text=_("ACTIVE, PAUSED, USED."))
    created_at = InstantField()

    def get_url(self, link: PaymentLink) -> str:
        return letters.page("pay_link", link.slug)

    def get_picture_url(self, link: PaymentLink) -> str | None:
        return f"{settings.SITE_URL}{link.picture_url}" if link.picture else None


class MerchantPaymentSerializer(serializers.Serializer[MerchantPayment]):
    """What somebody paid. `net` is what the merchant keeps of it, before anything is paid back."""

    id = IdField(PAYMENT)
    object = ObjectField("merchant_payment")
    merchant = IdField(MERCHANT, source="merchant_id")
    payment_link = IdField(LINK, source="link_id")
    method = OpenEnumField(help_text=_("WALLET, CARD."))
    state = OpenEnumField(help_text=_("INTENT, PAID, PARTLY_REFUNDED, REFUNDED, REVIEW, FAILED, EXPIRED."))
    amount = MoneyField()
    fee = MoneyField(help_text=_("What the merchant pays us, taxes included."))
    net = MoneyField()
    refunded = MoneyField(help_text=_("What was paid back or is on its way."))
    currency = serializers.CharField(source="currency_id", help_text=_("ISO 4217."))
    at_own_gateway = serializers.BooleanField()
    payer_name = serializers.CharField()
    payer_email = serializers.CharField(help_text=_("Empty for who paid from an Alajo account."))
    note = serializers.CharField()
    created_at = InstantField()
    paid_at = InstantField(allow_null=True)


class MerchantRefundSerializer(serializers.Serializer[MerchantRefund]):
    """Some of a payment, or all of it, given back."""

    id = IdField(REFUND)
    object = ObjectField("merchant_refund")
    merchant_payment = IdField(PAYMENT, source="payment_id")
    amount = MoneyField()
    currency = serializers.CharField(source="payment.currency_id")
    state = OpenEnumField(
        help_text=_(
            "HELD, UNKNOWN, PENDING, NEEDS_ATTENTION, SUCCEEDED, FAILED. To a wallet: SUCCEEDED at once."
        )
    )
    reason = serializers.CharField()
    created_at = InstantField()


class LinkInput(StrictSerializer):
    merchant = IdField(
        MERCHANT, required=False, help_text=_("For people, who may belong to several; a key has one.")
    )
    title = TextField(max_length=80)
    amount = MoneyField(
        required=False, allow_null=True, default=None, help_text=_("Left out: the payer chooses.")
    )
    currency = CurrencyField()
    description = TextField(max_length=500, required=False, allow_blank=True, default="")
    success_message = TextField(max_length=300, required=False, allow_blank=True, default="")
    single_use = serializers.BooleanField(required=False, default=False)
    expires_at = InstantField(required=False, allow_null=True, default=None)


class RefundInput(StrictSerializer):
    amount = MoneyField()
    reason = TextField(max_length=140, required=False, allow_blank=True, default="")


class PaymentFilter(StrictSerializer):
    state = serializers.RegexField(r"^[A-Z_]{1,20}$", required=False, trim_whitespace=False, max_length=20)
    payment_link = IdField(LINK, required=False)
    since = InstantField(required=False, help_text=_("Begun at or after this."))
    until = InstantField(required=False, help_text=_("Begun before this."))
