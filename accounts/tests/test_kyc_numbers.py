"""BVN and NIN: one customer each, sealed, shown by their end, and nowhere in what we write down."""

import io
import logging
from datetime import timedelta
from zipfile import ZipFile

import pytest
from django.db import connection
from django.test import Client, RequestFactory
from django.utils import timezone
from django.views.debug import ExceptionReporter

from accounts.kyc.declared import NotDeclarable
from accounts.models import AuditEvent, BankAccountClaim, IdentityNumber, User
from accounts.services import personal_data
from accounts.services.kyc import numbers, pace, sealing
from accounts.services.kyc.applications import NotEditable
from accounts.services.kyc.numbers import COLLISION, NoSuchNumber, NumberRefused
from accounts.tests.factories import prove_factor, sign_in
from accounts.tests.kyc import ACCOUNT, BVN, NIN, begin, declare, fresh
from accounts.views import kyc_steps
from core.actors import acting_as, acting_as_service
from core.tests.at_once import at_once

pytestmark = pytest.mark.usefixtures("transactional_db")
NOW = timezone.now()


@pytest.fixture
def draft(ada):
    return begin(ada)


@pytest.fixture
def client(ada) -> Client:
    client = Client()
    sign_in(client, ada)
    return client


def give(user: User, number: str = BVN, kind: str = "BVN") -> object:
    return numbers.save_number(user=user, kind=kind, number=number, step=kind, at=NOW)


def held(user: User) -> list[IdentityNumber]:
    with acting_as_service():
        return list(IdentityNumber.objects.held().filter(customer_id=user.pk).order_by("kind"))


def events(action: str) -> list[AuditEvent]:
    with acting_as_service():
        return list(AuditEvent.objects.filter(action=action).order_by("id"))


def test_it_is_kept_sealed_and_found_by_an_index_of_its_kind(ada, draft):
    give(ada, "2234 567-8901")
    give(ada, BVN, "NIN")
    bvn, nin = held(ada)
    assert BVN not in bvn.sealed and sealing.open_number(bvn) == BVN and bvn.last_four == "8901"
    assert bvn.blind_index != nin.blind_index and fresh(draft).revision == 2


@pytest.mark.parametrize("text", ["2234567890", "223456789012", "2234567890a", "٢٢٣٤٥٦٧٨٩٠١", "", "=1+1"])
def test_what_is_not_eleven_digits_is_refused_before_it_counts(ada, draft, text):
    with pytest.raises(NotDeclarable):
        give(ada, text)
    assert not held(ada) and not events(pace.NUMBER_ENTERED)


def test_given_again_it_is_kept_and_another_takes_its_place(ada, draft):
    give(ada)
    give(ada)
    give(ada, "22345678999")
    (number,) = held(ada)
    assert number.last_four == "8999"
    with acting_as_service():
        assert IdentityNumber.objects.filter(released_at=NOW).count() == 1


def test_a_confirmed_number_stays(ada, draft):
    give(ada)
    with acting_as_service():
        IdentityNumber.objects.update(verified_at=NOW)
    with pytest.raises(NotEditable):
        give(ada, "22345678999")
    assert held(ada)[0].last_four == "8901"


def test_anothers_number_is_refused_without_a_word_of_whose_it_is(ada, bola, draft):
    begin(bola)
    give(bola)
    with pytest.raises(NumberRefused) as refused:
        give(ada)
    assert not held(ada) and fresh(draft).revision == 0
    assert not refused.value.data and not any(word in str(refused.value) for word in ("another", "customer"))
    (event,) = events(COLLISION)
    assert (event.target_id, event.actor_id) == (str(draft.pk), None)
    assert event.data == {
        **{"alarm": True, "number": "BVN"},
        **{"claimant": str(ada.pk), "holder": str(bola.pk)},
    }


def test_who_was_refused_reads_nothing_of_the_other_in_their_own_data(ada, bola, draft):
    begin(bola)
    give(bola)
    with pytest.raises(NumberRefused):
        give(ada)
    with acting_as(ada):
        assert not AuditEvent.objects.filter(action=COLLISION).exists()
    with ZipFile(personal_data.write_export(user=ada)) as archive:
        assert not any(str(bola.pk).encode() in archive.read(name) for name in archive.namelist())


def test_of_two_who_give_one_number_at_once_one_holds_it(ada, bola, draft):
    begin(bola)
    found = at_once(lambda: give(ada), lambda: give(bola))
    assert sorted(type(one).__name__ for one in found) == ["KycApplication", "NumberRefused"]
    assert len(held(ada)) + len(held(bola)) == 1 and len(events(COLLISION)) == 1


def test_one_gives_five_a_day(ada, draft):
    for digit in range(5):
        give(ada, f"2234567890{digit}")
    with pytest.raises(pace.TooOften):
        give(ada)
    later = timezone.now() + timedelta(days=1, minutes=5)
    assert numbers.save_number(user=ada, kind="BVN", number=BVN, step="BVN", at=later)


def test_a_refused_number_counts_among_them(ada, bola, draft):
    begin(bola)
    give(bola)
    for _turn in range(5):
        with pytest.raises(NumberRefused):
            give(ada)
    with pytest.raises(pace.TooOften):
        give(ada, NIN, "NIN")


def test_another_customer_sees_no_row_and_the_owner_no_seal(ada, bola, draft):
    declare(ada)
    for table in ("accounts_identitynumber", "accounts_bankaccountclaim"):
        with acting_as(bola), connection.cursor() as cursor:
            cursor.execute(f"select count(last_four) from {table}")
            assert cursor.fetchone() == (0,)
        with acting_as(ada), connection.cursor() as cursor:
            cursor.execute(f"select has_column_privilege('{table}', 'sealed', 'SELECT')")
            assert cursor.fetchone() == (False,)


def test_a_bank_account_is_sealed_as_well(ada, draft):
    declare(ada)
    with acting_as_service():
        claim = BankAccountClaim.objects.get()
        assert ACCOUNT not in claim.sealed and sealing.open_account(claim) == ACCOUNT
    assert claim.last_four == "6789"


def test_it_is_revealed_once_to_who_proved_a_second_factor(ada, client, draft):
    give(ada)
    asked = client.post("/verify/numbers/BVN/reveal/")
    assert asked.status_code == 302 and "/accounts/" in asked.url
    prove_factor(ada)
    shown = client.post("/verify/numbers/BVN/reveal/")
    assert BVN in shown.content.decode() and "no-store" in shown["Cache-Control"]
    assert client.get("/verify/numbers/BVN/reveal/").status_code == 405
    for address in ("/verify/bvn/", "/verify/review/", "/verify/"):
        page = client.get(address).content.decode()
        assert BVN not in page and NIN not in page
    assert "•••• 8901" in client.get("/verify/bvn/").content.decode()
    (event,) = events(pace.NUMBER_REVEALED)
    assert event.actor_id == ada.pk and event.data == {"number": "BVN"}
    assert client.post("/verify/numbers/NIN/reveal/").status_code == 404


def test_it_is_revealed_ten_times_a_day_at_most(ada, draft):
    give(ada)
    for _turn in range(10):
        assert numbers.reveal(user=ada, kind="BVN", at=NOW) == BVN
    with pytest.raises(pace.TooOften):
        numbers.reveal(user=ada, kind="BVN", at=NOW)
    with pytest.raises(NoSuchNumber):
        numbers.reveal(user=ada, kind="NIN", at=NOW + timedelta(days=2))


def test_a_form_that_comes_back_does_not_bring_the_number_with_it(ada, bola, client, draft):
    begin(bola)
    give(bola)
    for typed in ("223456789", BVN):
        answer = client.post("/verify/bvn/", {"number": typed})
        assert answer.status_code == 422 and typed not in answer.content.decode()
    answer = client.post("/verify/bank/", {"bank_code": "nobank", "number": ACCOUNT, "revision": "0"})
    assert answer.status_code == 422 and ACCOUNT not in answer.content.decode()


def test_no_log_holds_a_number_whatever_becomes_of_it(ada, bola, client, draft, monkeypatch, caplog):
    begin(bola)
    client.raise_request_exception = False
    caplog.set_level(logging.DEBUG)
    logs = io.StringIO()
    handler = logging.StreamHandler(logs)
    logging.getLogger().addHandler(handler)
    try:
        client.post("/verify/bvn/", {"number": BVN})
        client.post("/verify/nin/", {"number": f"{NIN}x"})
        give(bola, NIN, "NIN")
        client.post("/verify/nin/", {"number": NIN})

        def broken(**_given: object) -> None:
            raise RuntimeError("something broke")

        monkeypatch.setattr(numbers.audit, "record", broken)
        assert client.post("/verify/bvn/", {"number": "22345678955"}).status_code == 500
    finally:
        logging.getLogger().removeHandler(handler)
    said = logs.getvalue() + caplog.text
    assert "something broke" in said
    for number in (BVN, NIN, "22345678955"):
        assert number not in said
    with acting_as_service(), connection.cursor() as cursor:
        cursor.execute("select coalesce(string_agg(row(e.*)::text, ''), '') from accounts_auditevent e")
        trail = cursor.fetchone()[0]
        cursor.execute("select coalesce(string_agg(row(m.*)::text, ''), '') from realtime_message m")
        trail += cursor.fetchone()[0]
    assert BVN not in trail and NIN not in trail


def test_a_report_of_an_error_holds_no_number(ada, draft, monkeypatch, settings):
    settings.DEBUG = False
    reports = []

    def broken(**given: object) -> None:
        raise RuntimeError("something broke")

    monkeypatch.setattr(numbers.audit, "record", broken)
    request = RequestFactory().post("/verify/bvn/", {"number": BVN})
    request.user = ada
    try:
        with acting_as(ada):
            kyc_steps.step_page(request, slug="bvn")
    except RuntimeError as error:
        reports = [
            ExceptionReporter(request, type(error), error, error.__traceback__).get_traceback_text(),
            ExceptionReporter(request, type(error), error, error.__traceback__).get_traceback_html(),
        ]
    assert len(reports) == 2 and all("something broke" in report for report in reports)
    assert not any(BVN in report for report in reports)
