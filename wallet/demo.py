"""The demo world's money: a few weeks of it, posted through the services and dated back.

It is the same story each time, told backwards from the day it is made. Development only.
"""

import random
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from accounts.models import Customer, User
from core.actors import acting_as, acting_as_service
from core.ids import base62, posting_id, uuid7, uuid7_at
from wallet.models import Account, LimitCounter, Payment
from wallet.services.accounts import NGN, open_wallet, system_account
from wallet.services.deposits import OPEN_FOR
from wallet.services.holds import place_hold
from wallet.services.posting import Line, post, reverse
from wallet.services.settlement import FEES
from wallet.services.transfers import TRANSFER, transfer

GATEWAY = "paystack"
# Takes a payment when the first does not answer.
SECOND_GATEWAY = "xpress-pay"
THIRD_GATEWAY = "xpress-wallet"
NAIRA = 100
# Nothing is older than this: ids of postings may be 35 days old.
OLDEST = 27
# (days ago, hour, who, naira)
DEPOSITS = [
    (27, 9, "ada", 45_000),
    (26, 11, "bola", 30_000),
    (20, 8, "ada", 20_000),
    (15, 18, "bola", 25_000),
    (11, 10, "ada", 80_000),
    (8, 7, "ada", 60_000),
    (3, 12, "bola", 15_000),
    (1, 9, "ada", 12_500),
]
MISTAKE = "Cinema"
# (days ago, hour, from, to, naira, note)
TRANSFERS = [
    (25, 13, "ada", "bola", 5_000, "Lunch at Mama Put"),
    (25, 16, "bola", "chidi", 7_500, "Aso ebi"),
    (24, 16, "ada", "efe", 3_200, "Data for the month"),
    (19, 9, "ada", "fatima", 12_000, "Fabric, two yards"),
    (18, 20, "bola", "ada", 4_000, "Fuel, thank you"),
    (14, 12, "ada", "jumoke", 8_000, "Market, Saturday"),
    (12, 15, "bola", "kemi", 6_500, "Hair"),
    (9, 19, "efe", "ada", 1_500, "Balance for data"),
    (7, 11, "ada", "bola", 15_000, "Esusu, week 3"),
    (6, 20, "bola", "ada", 2_500, MISTAKE),
    (5, 14, "ada", "lekan", 2_750, "Tailor"),
    (4, 17, "bola", "ngozi", 9_999, "School fees, part one"),
    (2, 8, "ada", "musa", 4_500, "Suya for everyone"),
]
NOTES = ["Rent, my share", "Airtime", "Birthday", "Thank you", "Groceries", "Transport", "For mama", "Esusu"]
OTHERS = 60
# Of tier 1, and with so many naira left of the day's limit; everybody else is of tier 3.
NEAR, LEFT = "chidi", 2_500
Told = tuple[int, int, str, str, int, str]
# What apps above tell between: moments, and what happens then. They are given the people by their names.
Act = tuple[datetime, Callable[[], object]]
chapters: list[Callable[[Mapping[str, User], datetime], list[Act]]] = []


def write_history(*, people: Mapping[str, User], at: datetime) -> bool:
    """Post the demo's money, all or none, unless some is there already; return whether it was written now.

    `people` are customers by e-mail address, ada and bola among them.
    """
    by_name = {email.split("@")[0]: user for email, user in people.items()}
    with acting_as_service():
        raised = [user.pk for name, user in by_name.items() if name != NEAR]
        Customer.objects.filter(pk__in=raised, tier=1).update(tier=3)
        wallets = {name: open_wallet(owner_id=user.pk) for name, user in by_name.items()}
        if Account.objects.filter(pk__in=wallets.values(), version__gt=0).exists():
            return False
        acts = [act for chapter in chapters for act in chapter(by_name, at)]
        postings = _tell(_story(wallets), acts, wallets, at)
        _correct(postings[MISTAKE], wallets, at)
    _today(by_name, wallets, at)
    _near_the_limit(wallets, at)
    return True


def _story(names: Iterable[str]) -> list[Told]:
    """Who gave what to whom and when, in order; money that nobody gave came in through the gateway."""
    others = sorted(set(names) - {"ada", "bola"})
    story: list[Told] = [(OLDEST, 7, "", name, 20_000, "") for name in others]
    story += [(days, hour, "", name, naira, "") for days, hour, name, naira in DEPOSITS]
    story += TRANSFERS
    chance = random.Random(2026)
    for number in range(OTHERS):
        payer, payee = chance.sample(others, 2)
        days, hour = OLDEST - 1 - number * (OLDEST - 1) // OTHERS, chance.randrange(8, 20)
        story.append((days, hour, payer, payee, chance.randrange(200, 2_000), chance.choice(NOTES)))
    return sorted(story, key=lambda told: (-told[0], told[1]))


def _tell(story: list[Told], acts: list[Act], wallets: dict[str, UUID], at: datetime) -> dict[str, UUID]:
    """Post a story, and what others tell at its time; return the last posting of each note."""
    postings: dict[str, UUID] = {}
    waiting = deque(sorted(acts, key=lambda act: act[0]))
    for days, hour, payer, payee, naira, note in story:
        moment = _moment(at, days, hour)
        while waiting and waiting[0][0] <= moment:
            waiting.popleft()[1]()
        if payer:
            postings[note] = _send(wallets[payer], wallets[payee], naira * NAIRA, note, moment)
        else:
            _deposit(wallets[payee], naira * NAIRA, moment)
    for _moment_of_it, act in waiting:
        act()
    return postings


def _correct(mistaken: UUID, wallets: dict[str, UUID], at: datetime) -> None:
    """Take back a transfer that was made twice, and set money aside."""
    reverse(posting_id=posting_id(), reverses=mistaken, description="Sent twice by mistake")
    place_hold(
        hold_id=uuid7(),
        account_id=wallets["ada"],
        amount=10_000 * NAIRA,
        expires_at=at + timedelta(days=7),
        reason="Withdrawal on its way",
    )


def _today(people: dict[str, User], wallets: dict[str, UUID], at: datetime) -> None:
    """The latest transfers go the whole way a customer's do, notices and all."""
    for payer, payee, naira, note in (("ada", "bola", 3_500, "Puff-puff"), ("bola", "ada", 1_200, "Change")):
        with acting_as(people[payer]):
            source = Account.objects.get(pk=wallets[payer])
            transfer(
                posting_id=posting_id(),
                source=source,
                recipient_id=people[payee].pk,
                amount=naira * NAIRA,
                note=note,
                at=at,
            )


def _near_the_limit(wallets: dict[str, UUID], at: datetime) -> None:
    """One customer of the first tier has nearly used up what it lets him send in a day."""
    with acting_as_service():
        wallet_id = wallets[NEAR]
        _deposit(wallet_id, 60_000 * NAIRA, at)
        used = LimitCounter.objects.get(account_id=wallet_id, kind=LimitCounter.Kind.SENDING)
        left = used.left or 0
        _send(wallet_id, wallets["ngozi"], left - LEFT * NAIRA, "Generator, my part", at)


def _send(payer: UUID, payee: UUID, amount: int, note: str, moment: datetime) -> UUID:
    chosen = _posting_id_at(moment)
    post(
        posting_id=chosen, lines=[Line(TRANSFER, payer, payee, amount)], description=note, effective_at=moment
    )
    return chosen


def _deposit(wallet_id: UUID, amount: int, moment: datetime) -> None:
    """A payment made and settled then, with the fee the gateway kept: 1.5 %, and ₦100 from ₦2,500 on."""
    fee = amount * 15 // 1000 + (100 * NAIRA if amount >= 2_500 * NAIRA else 0)
    chosen = _posting_id_at(moment)
    payment = Payment(id=_posting_id_at(moment), posting_id=chosen, account_id=wallet_id, gateway_id=GATEWAY)
    payment.amount, payment.currency_id, payment.fee = amount, NGN, fee
    payment.reference = f"alj-{base62(payment.id)}"
    payment.state, payment.settled_at, payment.expires_at = Payment.State.SUCCEEDED, moment, moment + OPEN_FOR
    payment.save(force_insert=True)
    Payment.objects.filter(pk=payment.pk).update(created_at=moment - timedelta(minutes=2))
    clearing = system_account("PAYSTACK_CLEARING")
    lines = [
        Line("DEPOSIT", clearing, wallet_id, amount),
        Line("GATEWAY_FEE", system_account(FEES), clearing, fee),
    ]
    post(
        posting_id=chosen,
        lines=lines,
        description=f"{GATEWAY} {payment.reference}",
        effective_at=moment,
    )


def _moment(at: datetime, days: int, hour: int) -> datetime:
    moment = (at - timedelta(days=days)).replace(hour=hour, minute=(days * 7) % 60, second=0, microsecond=0)
    return min(moment, at)


def _posting_id_at(moment: datetime) -> UUID:
    """A new posting id as it would have been made then."""
    return UUID(int=uuid7_at(moment).int | (posting_id().int & ((1 << 80) - 1)))
