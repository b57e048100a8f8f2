"""The demo world's shop, and what friends ask of one another. Development only."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from accounts.models import Organization, User
from core.actors import acting_as, acting_as_service
from core.ids import posting_id
from wallet.models import (
    Account,
    BankAccount,
    BulkPayout,
    Merchant,
    MerchantPayment,
    PaymentLink,
    PaymentRequest,
)
from wallet.services import bulk
from wallet.services.bank_accounts import Found
from wallet.services.merchants import applying, daily, links, selling, settling
from wallet.services.requests import asking, splitting
from wallet.services.requests import links as pay_links

NAIRA = 100
GATEWAY = "paystack"
# So much of the shop's balance is not there yet, so nothing goes to its bank by itself while the demo runs.
SETTLES_FROM = 50_000
SALARIES = (
    b"account_number,bank,amount,name,note\n"
    b"0000000220,Access Bank,12000,Obi Ada Grace,Tailoring\n"
    b"0001234567,058,6500,Chidi Eze,Deliveries\n"
    b"123,058,4000,Efe Ojo,Deliveries\n"
)
# (days ago, who, link, naira, note)
SALES = [
    (12, "kemi", "Adire, by the yard", 3_500, "Two yards, blue"),
    (9, "ada", "Adire, by the yard", 5_250, "Three yards"),
    (6, "efe", "Head tie", 4_500, ""),
    (4, "lekan", "Adire, by the yard", 1_750, "One yard"),
    (2, "kemi", "Head tie", 4_500, "For Saturday"),
    (0, "ada", "Head tie", 4_500, ""),
]


def open_shop(*, slug: str, people: Mapping[str, User], staff: User, at: datetime) -> None:
    """Let an organisation take payments, and its customers pay; unless it does already."""
    with acting_as_service():
        firm = Organization.objects.get(slug=slug)
        if Merchant.objects.filter(organization=firm).exists():
            return
    merchant = applying.apply_as_merchant(
        organization_id=firm.pk,
        by=people["bola@alajo.test"],
        display_name=firm.name,
        category=Merchant.Category.FASHION,
        support_email="help@kasuwa.test",
        support_phone="0803 000 0002",
        at=at - timedelta(days=14),
    )
    merchant = applying.activate(
        merchant=merchant, by=staff, reason="Registered business, seen", at=at - timedelta(days=13)
    )
    made = {
        "Adire, by the yard": _link(merchant, at, "Adire, by the yard", None, description="₦1,750 a yard."),
        "Head tie": _link(merchant, at, "Head tie", 4_500, success_message="Collect it at stall 14."),
    }
    _link(merchant, at, "Deposit for the wedding order", 25_000, single_use=True)
    for days, name, title, naira, note in SALES:
        payer, told = people[f"{name}@alajo.test"], at - timedelta(days=days)
        _buy(payer, made[title], naira, note, at=at, told=told)


def pay_shop(*, slug: str, people: Mapping[str, User], at: datetime) -> None:
    """Give a shop its bank account; unless it has one."""
    with acting_as_service():
        merchant = Merchant.objects.get(organization__slug=slug)
    if settling.bank_accounts_of(merchant):
        return
    found = Found(
        GATEWAY, "058", "Guaranty Trust Bank", "0001234568", "KASUWA STORES", BankAccount.Holder.SELF, False
    )
    bola = people["bola@alajo.test"]
    account = settling.add_bank_account(merchant=merchant, by=bola, found=found, at=at - timedelta(days=10))
    daily.settle_daily(
        merchant=merchant,
        by=bola,
        bank_account=account,
        settles_from=SETTLES_FROM * NAIRA,
        at=at - timedelta(days=8),
    )
    daily.make_due_runs(at=at - timedelta(days=1))
    while (run_id := daily.take_due(at=at)) is not None:
        daily.run_due(run_id=run_id, at=at)


def bring_salaries(*, slug: str, people: Mapping[str, User], at: datetime) -> None:
    """Upload a shop's file of payouts, one line of it wrong, for somebody to look at; unless there was one."""
    with acting_as_service():
        merchant = Merchant.objects.select_related("account").get(organization__slug=slug)
        if BulkPayout.objects.filter(organization=merchant.organization_id).exists():
            return
    bulk.upload(
        by=people["bola@alajo.test"],
        account=merchant.account,
        name="salaries.csv",
        raw=SALARIES,
        at=at,
        organization_id=merchant.organization_id,
    )


def ask_around(*, people: Mapping[str, User], at: datetime) -> None:
    """Requests, a bill that is split, and a pay link; unless somebody asked before."""
    ada, bola = people["ada@alajo.test"], people["bola@alajo.test"]
    with acting_as_service():
        if PaymentRequest.objects.exists():
            return
    asking.ask(asker=bola, recipient_text=ada.email, amount=2_000 * NAIRA, note="Danfo, both ways", at=at)
    names = ["chidi@alajo.test", "efe@alajo.test"]
    splitting.split_bill(owner=ada, title="Suya on Friday", total=10_000 * NAIRA, people=names, at=at)
    pay_links.make_pay_link(owner=ada, amount=None, note="For Ada", at=at)


def _link(
    merchant: Merchant, at: datetime, title: str, naira: int | None, **facts: str | bool
) -> PaymentLink:
    amount = naira and naira * NAIRA
    return links.make_link(
        merchant=merchant,
        by=None,
        title=title,
        amount=amount,
        at=at - timedelta(days=13),
        **facts,  # type: ignore[arg-type]
    )


def _buy(payer: User, link: PaymentLink, naira: int, note: str, *, at: datetime, told: datetime) -> None:
    """Bought now, and dated back to when it is told of."""
    with acting_as(payer):
        sold = selling.pay_from_wallet(
            posting_id=posting_id(),
            payer=payer,
            source=Account.objects.visible_to(payer).wallets().get(currency="NGN"),
            slug=link.slug,
            amount=naira * NAIRA,
            note=note,
            at=at,
        )
    with acting_as_service():
        MerchantPayment.objects.filter(pk=sold.pk).update(created_at=told, paid_at=told)
