"""Letters about payments to merchants, to people who may have no account with us."""

from accounts import letters
from wallet.models import MerchantPayment


def receipt(sold: MerchantPayment) -> None:
    letters.send(
        template="merchants/mail/receipt",
        to=sold.payer_email,
        sold=sold,
        merchant=sold.merchant,
        link=sold.link,
        url=letters.page("pay_done", sold.token),
    )
