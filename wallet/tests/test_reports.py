"""A customer says what is wrong with a movement; staff see it, once, and nobody else's movement is touched."""

import json
from uuid import uuid4
from zipfile import ZipFile

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent
from accounts.services import personal_data
from accounts.tests.factories import make_person
from core.actors import acting_as, acting_as_service
from wallet import services as wallet
from wallet.models import Case, Entry
from wallet.refusals import NotYourAccount
from wallet.services import reports
from wallet.tests.demo_world import make_demo_world
from wallet.tests.factories import make_wallet
from wallet.tests.ledger import at_once
from wallet.tests.pages import browser_of, payment_of, send_directly, text
from wallet.tests.test_admin import past_both_factors

pytestmark = pytest.mark.django_db(transaction=True)
WORDS = "I sent this to the wrong Bola."


@pytest.fixture
def sent(ada, bola):
    """The id of a transfer from Ada to Bola."""
    return send_directly(make_wallet(ada, amount=100_000), bola, 700, "Garri")


def page(transaction) -> str:
    return reverse("report_problem", args=[transaction])


def cases() -> list[Case]:
    with acting_as_service():
        return list(Case.objects.order_by("id"))


def test_a_report_is_a_case_with_the_movement_and_the_customers_words(ada, as_ada, sent):
    receipt = reverse("transaction", args=[sent])
    assert f'href="{page(sent)}"' in as_ada.get(receipt).content.decode()
    form = as_ada.get(page(sent))
    assert "Bola Adé" in text(form) and "₦7.00" in text(form)
    answer = as_ada.post(page(sent), {"text": WORDS}, follow=True)
    assert answer.redirect_chain == [(receipt, 302)]
    assert "You reported a problem on" in text(answer) and page(sent) not in answer.content.decode()
    [case] = cases()
    facts = {"transaction": str(sent), "amount": 700, "currency": "NGN", "text": WORDS}
    assert (case.kind, case.state, case.data) == ("REPORTED", "OPEN", case.data | facts)
    with acting_as_service():
        told = AuditEvent.objects.get(action="wallet.problem.reported")
    assert (told.actor_id, told.target_id) == (ada.pk, str(case.pk))
    assert WORDS not in json.dumps(told.data)


def test_a_movement_is_reported_once_by_each_of_its_sides(as_ada, bola, sent):
    for _ in range(2):
        assert as_ada.post(page(sent), {"text": WORDS}).status_code == 302
    assert as_ada.get(page(sent)).status_code == 302
    assert browser_of(bola).post(page(sent), {"text": "I know no Ada at all."}).status_code == 302
    assert [case.data["text"] for case in cases()] == [WORDS, "I know no Ada at all."]


def test_the_same_report_from_many_windows_is_one_case(ada, sent):
    def report() -> None:
        with acting_as(ada):
            entry = Entry.objects.visible_to(ada).get(transaction_id=sent)
            wallet.report_problem(user=ada, entry=entry, text=WORDS, at=timezone.now())

    assert at_once(*[report] * 4) == [None] * 4
    assert len(cases()) == 1


def test_nobody_reports_a_strangers_movement(ada, sent):
    chi = make_person(name="Chi Eze")
    make_wallet(chi, amount=100)
    for target in (sent, uuid4()):
        assert browser_of(chi).get(page(target)).status_code == 404
        assert browser_of(chi).post(page(target), {"text": WORDS}).status_code == 404
    with acting_as(ada):
        entry = Entry.objects.visible_to(ada).get(transaction_id=sent)
    with pytest.raises(NotYourAccount):
        wallet.report_problem(user=chi, entry=entry, text=WORDS, at=timezone.now())
    assert cases() == []


@pytest.mark.parametrize("words", ["", "   ", "short", "x" * 1001])
def test_too_little_and_too_much_are_asked_again(as_ada, sent, words):
    answer = as_ada.post(page(sent), {"text": words})
    assert answer.status_code == 422 and "Please check what you entered" in text(answer)
    assert cases() == []


def test_only_so_many_a_day(ada, as_ada, bola, sent, monkeypatch):
    monkeypatch.setattr(reports, "PER_DAY", 1)
    purse = make_wallet(ada)
    assert as_ada.post(page(sent), {"text": WORDS}).status_code == 302
    other = send_directly(purse, bola, 300)
    answer = as_ada.post(page(other), {"text": WORDS})
    assert answer.status_code == 422 and "many problems today" in text(answer) and WORDS in text(answer)
    assert len(cases()) == 1


def test_a_report_of_a_deposit_names_its_payment(ada, as_ada):
    purse = make_wallet(ada, amount=50_000)
    with acting_as(ada):
        [entry] = Entry.objects.of(purse)
    payment = payment_of(purse, "SUCCEEDED", posting_id=entry.posting_id)
    assert as_ada.post(page(entry.pk), {"text": WORDS}).status_code == 302
    assert [case.payment_id for case in cases()] == [payment.pk]


def test_customers_read_no_case(ada, as_ada, sent):
    as_ada.post(page(sent), {"text": WORDS})
    with acting_as(ada), connection.cursor() as cursor:
        cursor.execute("select has_table_privilege('wallet_case', 'select')")
        assert cursor.fetchone() == (False,)


def test_the_export_has_what_was_reported(ada, bola, as_ada, sent):
    as_ada.post(page(sent), {"text": WORDS})
    for person, words in ((ada, [WORDS]), (bola, [])):
        with personal_data.write_export(user=person) as file, ZipFile(file) as archive:
            assert [row["text"] for row in json.loads(archive.read("reports.json"))] == words


def test_staff_read_the_report_and_find_it_by_the_transaction(as_ada, sent):
    as_ada.post(page(sent), {"text": WORDS + " <b>"})
    make_demo_world()
    boss, [case] = past_both_factors("admin@alajo.test"), [c for c in cases() if c.kind == "REPORTED"]
    found = boss.get(reverse("admin:wallet_case_changelist"), {"q": str(sent)}).content.decode()
    assert reverse("admin:wallet_case_change", args=[case.pk]) in found
    shown = boss.get(reverse("admin:wallet_case_change", args=[case.pk])).content.decode()
    assert WORDS + " &lt;b&gt;" in shown
    assert reverse("admin:wallet_transaction_change", args=[sent]) in shown
