"""Splitting bills to the kobo, and links by which one is paid."""

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Customer, User
from accounts.services import RecipientNotFound
from accounts.tests.factories import make_person
from core.actors import acting_as, acting_as_service
from wallet.models import PayLink, PaymentRequest, SplitBill
from wallet.services.requests import links, splitting
from wallet.services.requests.asking import RequestAmount, RequestOneself
from wallet.services.requests.splitting import SplitRefused
from wallet.tests.factories import make_wallet
from wallet.tests.pages import browser_of, handle_of, text


def split(owner: User, people: list[User], total: int = 100_000, **facts) -> SplitBill:
    names = [person.email for person in people]
    return splitting.split_bill(
        owner=owner, title="Dinner", total=total, people=names, at=timezone.now(), **facts
    )


def parts_of(bill: SplitBill) -> list[int]:
    with acting_as_service():
        return list(PaymentRequest.objects.filter(split=bill).order_by("pk").values_list("amount", flat=True))


@given(st.integers(1, 1_000_000_000), st.integers(1, 20), st.booleans())
def test_equal_shares_are_the_bill_and_differ_by_a_kobo_at_most(
    total: int, people: int, with_owner: bool
) -> None:
    try:
        own, parts = splitting.shares_of(total=total, people=people, shares=None, with_owner=with_owner)
    except SplitRefused:
        assert total < people + with_owner
        return
    assert own + sum(parts) == total
    everybody = [own, *parts] if with_owner else parts
    assert max(everybody) - min(everybody) <= 1


def test_everybody_is_asked_for_a_share_and_the_owner_for_none(ada: User, bola: User) -> None:
    chidi = make_person(name="Chidi Eze")
    bill = split(ada, [bola, chidi])
    assert (bill.own_share, parts_of(bill)) == (33_334, [33_333, 33_333])
    with acting_as(bola):
        assert not SplitBill.objects.exists()
        assert PaymentRequest.objects.get().note == "Dinner"


def test_own_shares_leave_the_rest_to_the_owner(ada: User, bola: User) -> None:
    chidi = make_person(name="Chidi Eze")
    bill = split(ada, [bola, chidi], shares=[60_000, 25_000])
    assert (bill.own_share, parts_of(bill)) == (15_000, [60_000, 25_000])
    for shares in ([60_000, 40_001], [60_000], [60_000, 0], [-1, 100]):
        with pytest.raises(SplitRefused):
            split(ada, [bola, chidi], shares=shares)


def test_one_person_twice_oneself_or_somebody_unknown_stops_it_all(ada: User, bola: User) -> None:
    with pytest.raises(SplitRefused):
        split(ada, [bola, bola])
    with pytest.raises(RequestOneself):
        split(ada, [bola, ada])
    with pytest.raises(RecipientNotFound, match="nobody@nowhere"):
        splitting.split_bill(
            owner=ada, title="X", total=9_000, people=[bola.email, "nobody@nowhere.test"], at=timezone.now()
        )
    with pytest.raises(RequestAmount):
        split(ada, [bola], total=100)
    with acting_as_service():
        assert not SplitBill.objects.exists() and not PaymentRequest.objects.exists()


def make_link(owner: User, **facts) -> PayLink:
    return links.make_pay_link(owner=owner, at=timezone.now(), **{"amount": 5_000, "note": "Rent", **facts})


def test_a_customer_who_follows_a_link_goes_on_to_sending(ada: User, bola: User) -> None:
    link = make_link(ada)
    make_wallet(bola, amount=10_000)
    browser = browser_of(bola)
    answer = browser.get(f"/to/{link.slug}/")
    assert answer.url == f"/send/?to=%40{handle_of(ada)}&amount=50&note=Rent"
    page = browser.get(answer.url).content.decode()
    assert f'value="@{handle_of(ada)}"' in page and 'value="50"' in page and 'value="Rent"' in page
    assert "This is your own link" in text(browser_of(ada).get(f"/to/{link.slug}/"))


def test_a_stranger_is_told_whose_it_is_and_nothing_more(client: Client, ada: User) -> None:
    link = make_link(ada)
    page = client.get(f"/to/{link.slug}/")
    words = text(page)
    assert "Pay Ada Obi" in words and "₦50.00" in words and "Log in and pay" in words
    assert ada.email not in page.content.decode() and handle_of(ada) not in page.content.decode()


def test_an_ended_link_a_locked_owner_and_no_link_look_alike(client: Client, ada: User, bola: User) -> None:
    ended, locked = make_link(ada), make_link(bola)
    links.revoke_pay_link(link=ended, by=ada, at=timezone.now())
    with pytest.raises(links.PayLinkNotFound):
        links.revoke_pay_link(link=ended, by=ada, at=timezone.now())
    with acting_as_service():
        Customer.objects.filter(user=bola).update(status="LOCKED")
    answers = [client.get(f"/to/{slug}/") for slug in (ended.slug, locked.slug, "0" * 12)]
    assert [answer.status_code for answer in answers] == [404] * 3


def test_walking_through_links_is_slowed_down(
    client: Client, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(links, "LOOKUPS", "3/10minutes")
    answers = [client.get(f"/to/{'0' * 11}{number}/").status_code for number in range(5)]
    assert answers[-1] == 429


def test_links_are_bounded_and_nobody_elses(ada: User, bola: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "MOST_LINKS", 1)
    link = make_link(ada)
    with pytest.raises(links.TooManyPayLinks):
        make_link(ada)
    with pytest.raises(links.PayLinkNotFound):
        links.revoke_pay_link(link=link, by=bola, at=timezone.now())
    with acting_as(bola):
        assert not PayLink.objects.exists()
