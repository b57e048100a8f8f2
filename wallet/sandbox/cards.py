"""Paystack's published test cards, what each asks for before it pays, and what becomes of a refund to it."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

PIN, PHONE, OTP, BANK = "PIN", "PHONE", "OTP", "BANK"


@dataclass(frozen=True)
class TestCard:
    """A number, its security code, and the bank's answer; `approved` cards pay."""

    number: str
    cvv: str
    approved: bool
    response: str
    label: str | Promise
    steps: tuple[str, ...] = ()
    pin: str = ""
    otp: str = ""
    reusable: bool = True
    # The status that a refund to it ends in.
    refund: str = "PROCESSED"

    # Not a test case, whatever pytest makes of the name.
    __test__ = False

    @property
    def spaced(self) -> str:
        return " ".join(self.number[i : i + 4] for i in range(0, len(self.number), 4))


_DONE = "Successful"
CARDS = {
    card.number: card
    for card in (
        TestCard("4084084084084081", "408", True, _DONE, _("pays")),
        TestCard("507850785078507812", "081", True, _DONE, _("asks for PIN 1111"), (PIN,), "1111"),
        TestCard(
            "5060666666666666666",
            "123",
            True,
            _DONE,
            _("asks for PIN 1234, then code 123456"),
            (PIN, OTP),
            "1234",
            "123456",
        ),
        TestCard(
            "507850785078507804",
            "884",
            True,
            _DONE,
            _("asks for PIN 0000, a phone number, then code 123456"),
            (PIN, PHONE, OTP),
            "0000",
            "123456",
        ),
        TestCard("5192602720584796", "123", True, _DONE, _("leads to the bank's page"), (BANK,)),
        TestCard("4084080000005408", "001", False, "Declined", _("is declined")),
        TestCard("4084080000670037", "787", False, "Insufficient Funds", _("has too little on it")),
        TestCard(
            "507850785078507853",
            "082",
            True,
            _DONE,
            _("pays after PIN 0000 and cannot be saved"),
            (PIN,),
            "0000",
            reusable=False,
        ),
        TestCard("4084080000671803", "180", True, _DONE, _("pays, but takes no refund"), refund="FAILED"),
        TestCard(
            "4084080000671902",
            "190",
            True,
            _DONE,
            _("pays, but a refund needs an account"),
            refund="NEEDS_ATTENTION",
        ),
    )
}
GOOD_CARD = CARDS["4084084084084081"]
DECLINED_CARD = CARDS["4084080000005408"]
