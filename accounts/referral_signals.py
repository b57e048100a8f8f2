"""By what two people are taken for one, or for two who share what nobody shares: no bonus is paid between them.

A signal says of a person and of those above them whether any of these shares it. Apps above add theirs when they are
loaded (`AppConfig.ready`). An address on the internet is none: thousands of customers come from one, that of a
household or of a mobile network.
"""

from collections.abc import Callable, Sequence
from uuid import UUID

from accounts.models import (
    BankAccountClaim,
    Customer,
    CustomerHistory,
    DeviceMark,
    IdentityNumber,
    User,
)
from accounts.models.referrals import Reason

# Asked as the service. Whether `person` shares it with one of `others`.
Signal = Callable[[UUID, Sequence[UUID]], bool]
_signals: dict[str, Signal] = {}
# Where dots in the name of a mailbox say nothing.
DOTLESS = ("gmail.com", "googlemail.com")


def register(reason: str, signal: Signal) -> None:
    """Have `signal` asked, and its yes be refused by `reason` (one of `Reason`)."""
    _signals[Reason(reason)] = signal


def shared(person: UUID, others: Sequence[UUID]) -> str:
    """Return the reason for which a person and one of `others` may not be paid for one another; empty without one."""
    return next((reason for reason, signal in _signals.items() if signal(person, others)), "")


def same_mailbox(person: UUID, others: Sequence[UUID]) -> bool:
    addresses = dict(User.objects.filter(pk__in=[person, *others]).values_list("pk", "email"))
    mine = mailbox_of(addresses.get(person, ""))
    return any(mailbox_of(addresses.get(other, "")) == mine for other in others)


def mailbox_of(email: str) -> str:
    """The mailbox behind an address: `ada+1@mail.com` is `ada@mail.com`."""
    name, _at, domain = email.lower().rpartition("@")
    name = name.partition("+")[0]
    return f"{name.replace('.', '') if domain in DOTLESS else name}@{domain}"


def same_device(person: UUID, others: Sequence[UUID]) -> bool:
    mine = DeviceMark.objects.filter(user=person).values("digest")
    return DeviceMark.objects.filter(user__in=others, digest__in=mine).exists()


def same_phone(person: UUID, others: Sequence[UUID]) -> bool:
    """Now or ever: a number that was handed on from one account to the other counts."""
    return bool(_phones([person]) & _phones(others))


def _phones(people: Sequence[UUID]) -> set[str]:
    now = Customer.objects.filter(pk__in=people).exclude(phone="").values_list("phone", flat=True)
    before = CustomerHistory._default_manager.filter(pgh_obj__in=people).exclude(phone="")
    return {*now, *before.values_list("phone", flat=True)}


def same_identity(person: UUID, others: Sequence[UUID]) -> bool:
    """Now or before: a BVN or NIN that its holder gave up for the other to take counts."""
    mine = IdentityNumber.objects.filter(customer=person).values("blind_index")
    return IdentityNumber.objects.filter(customer__in=others, blind_index__in=mine).exists()


def same_bank_account(person: UUID, others: Sequence[UUID]) -> bool:
    mine = BankAccountClaim.objects.filter(application__customer=person).values("blind_index")
    theirs = BankAccountClaim.objects.filter(application__customer__in=others)
    return theirs.filter(blind_index__in=mine).exists()


register(Reason.SAME_MAILBOX, same_mailbox)
register(Reason.SAME_DEVICE, same_device)
register(Reason.SAME_PHONE, same_phone)
register(Reason.SAME_IDENTITY, same_identity)
register(Reason.SAME_BANK_ACCOUNT, same_bank_account)
