"""Statements: what belongs to a period, that it adds up, and that its files say the same each time."""

import csv as reader
from datetime import date, datetime, timedelta
from decimal import Decimal
from io import BytesIO, StringIO

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from ofxtools.Parser import OFXTree
from pypdf import PdfReader

from accounts.models import User
from accounts.tests.factories import make_person
from core.actors import acting_as, acting_as_service
from core.ids import posting_id
from wallet import services as wallet
from wallet.models import Account, Entry, Statement
from wallet.services.statements import PeriodInvalid, contents, files, make_monthly, make_statement
from wallet.services.statements.contents import StatementDoesNotAddUp
from wallet.services.statements.lines import LAGOS
from wallet.tests.factories import make_wallet
from wallet.tests.ledger import as_service, at_once, post_one_line, root, set_limits, system
from wallet.tests.pages import send_directly

pytestmark = pytest.mark.django_db


def today() -> date:
    return timezone.now().astimezone(LAGOS).date()


def next_month(day: date) -> datetime:
    """A moment shortly after the month of a day ended."""
    first = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    return datetime(first.year, first.month, first.day, 0, 10, tzinfo=LAGOS)


@pytest.fixture
def purse(ada: User, bola: User) -> Account:
    """Ada got 1,000 naira and sent Bola three times."""
    found = make_wallet(ada, amount=100_000, tier=3)
    make_wallet(bola, tier=3)
    for amount, note in ((2_500, "Rice & beans"), (1_250, "=1+1"), (50, "Ünïcödé <b>")):
        send_directly(found, bola, amount, note)
    with acting_as_service():
        found.refresh_from_db()
    return found


def made(account: Account, **changes: object) -> Statement:
    asked = {"since": today(), "until": today(), "at": timezone.now(), **changes}
    return make_statement(account=account, **asked)


def drawn(statement: Statement) -> PdfReader:
    with acting_as_service():
        return PdfReader(BytesIO(files.pdf(statement)))


def test_opening_and_lines_make_closing(purse: Account) -> None:
    one = made(purse)
    assert (one.opening, one.money_in, one.money_out, one.closing) == (0, 100_000, 3_800, 96_200)
    assert (one.first_version, one.last_version, one.lines) == (1, 4, 4)
    assert one.by_kind == {
        "DEPOSIT": {"in": 100_000, "out": 0, "count": 1},
        "TRANSFER": {"in": 0, "out": 3_800, "count": 3},
    }
    assert one.names == {str(other): "Bola Adé" for other in one.names} and len(one.names) == 1
    assert wallet.verify() == []


def test_made_again_it_is_the_same_and_with_more_lines_another(purse: Account, bola: User) -> None:
    at = timezone.now()
    first = made(purse, at=at)
    assert made(purse, at=timezone.now()).pk == first.pk
    send_directly(purse, bola, 5)
    assert made(purse).pk != first.pk


def test_a_period_without_movements_opens_as_it_closes(purse: Account) -> None:
    yesterday = today() - timedelta(days=1)
    one = made(purse, since=yesterday, until=yesterday)
    assert (one.opening, one.closing, one.lines) == (0, 0, 0)
    assert len(drawn(one).pages) == 1


@pytest.mark.parametrize(("since", "until"), [(0, -1), (0, 1), (-367, 0)])
def test_days_that_make_no_period_are_refused(purse: Account, since: int, until: int) -> None:
    with pytest.raises(PeriodInvalid):
        made(purse, since=today() + timedelta(days=since), until=today() + timedelta(days=until))


def test_what_was_recorded_late_stands_where_it_was_recorded_and_is_marked(purse: Account) -> None:
    earlier = timezone.now() - timedelta(days=40)
    with acting_as_service():
        give_late = [wallet.Line("DEPOSIT", system("PAYSTACK_CLEARING"), purse.pk, 700)]
        wallet.post(posting_id=posting_id(), lines=give_late, effective_at=earlier)
    one = made(purse)
    assert one.money_in == 100_700
    text = drawn(one).pages[0].extract_text()
    assert "*" in text and "happened before these days" in text
    rows = list(reader.DictReader(StringIO(b"".join(_csv(one)).decode().removeprefix("\ufeff"))))
    assert [row["late"] for row in rows] == ["", "", "", "", "yes"]


def _csv(one: Statement) -> list[bytes]:
    with acting_as_service():
        return list(files.csv(one))


def test_the_pdf_is_tagged_numbered_and_the_same_each_time(purse: Account) -> None:
    one = made(purse)
    with acting_as_service():
        first, second = (
            files.pdf(one),
            files.pdf(Statement.objects.select_related("account", "document").get(pk=one.pk)),
        )
    assert first == second
    paper = PdfReader(BytesIO(first))
    catalogue = paper.trailer["/Root"]
    assert catalogue["/MarkInfo"]["/Marked"] and catalogue["/Lang"] == "en"
    assert b"pdfuaid:part" in paper.xmp_metadata.stream.get_data() if paper.xmp_metadata else True
    text = paper.pages[0].extract_text()
    for told in ("Page 1 of 1", one.document.sha256, "Bola Adé", "962.00", "Rice & beans", "Ada Obi"):
        assert told in text, told


def test_the_pdf_is_the_same_when_somebody_changed_their_name(purse: Account, bola: User) -> None:
    one = made(purse)
    with acting_as_service():
        first = files.pdf(one)
        bola.profile.display_name = "Somebody Else"
        bola.profile.save(update_fields=["display_name"])
        assert files.pdf(one) == first


def test_names_that_no_font_has_are_drawn_all_the_same(purse: Account, bola: User) -> None:
    send_directly(purse, bola, 5, "🎉 \u202eabc 你好")
    assert drawn(made(purse)).pages


def test_csv_says_the_same_and_no_cell_is_a_formula(purse: Account) -> None:
    text = b"".join(_csv(made(purse))).decode()
    rows = list(reader.DictReader(StringIO(text.removeprefix("\ufeff"))))
    assert [row["amount"] for row in rows] == ["1000.00", "-25.00", "-12.50", "-0.50"]
    assert [row["balance"] for row in rows] == ["1000.00", "975.00", "962.50", "962.00"]
    assert rows[2]["description"] == "'=1+1"


def test_ofx_is_read_by_another_program(purse: Account) -> None:
    one = made(purse)
    with acting_as_service():
        written = b"".join(files.ofx(one))
        assert b"".join(files.ofx(one)) == written
    tree = OFXTree()
    tree.parse(BytesIO(written))
    (found,) = tree.convert().statements
    assert found.curdef == "NGN" and found.ledgerbal.balamt == Decimal("962.00")
    assert [move.trnamt for move in found.transactions] == [
        Decimal(amount) for amount in ("1000.00", "-25.00", "-12.50", "-0.50")
    ]
    assert found.transactions[1].name == "Bola Adé" and found.transactions[1].memo == "Rice & beans"
    assert len({move.fitid for move in found.transactions}) == 4


def test_a_statement_is_not_given_out_when_the_books_say_otherwise(purse: Account, monkeypatch) -> None:
    one = made(purse)
    one.names = {}
    with acting_as_service(), pytest.raises(StatementDoesNotAddUp):
        files.pdf(one)


def test_lines_that_do_not_follow_are_a_fault(purse: Account) -> None:
    with acting_as_service():
        lines = list(files.lines_of(account=purse, first=1, last=4))
    versions = files.Versions(first=1, last=4, opening=0, closing=96_200)
    for wrong in (lines[1:], lines[:-1], [*lines, lines[-1]], lines[::-1]):
        told = contents.Contents(purse, today(), today(), versions)
        with pytest.raises(StatementDoesNotAddUp):
            for line in wrong:
                told.take(line)
            told.finish()


def test_a_statement_that_is_ready_is_never_changed(purse: Account) -> None:
    one = made(purse)
    for change in ({"closing": 1}, {"by_kind": {}}):
        with acting_as_service(), pytest.raises(Exception, match="append-only"), transaction.atomic():
            Statement.objects.filter(pk=one.pk).update(**change)
    with acting_as_service(), pytest.raises(IntegrityError, match="adds_up"), transaction.atomic():
        Statement.objects.create(
            account=purse,
            since=today(),
            until=today(),
            state="READY",
            opening=1,
            closing=2,
            asked_at=timezone.now(),
        )


def test_everybody_gets_the_month_once(purse: Account, bola: User) -> None:
    at = next_month(today())
    with pytest.raises(PeriodInvalid):
        make_monthly(month=today(), at=timezone.now())
    assert make_monthly(month=today(), at=at, chunk=1) == 2
    assert make_monthly(month=today(), at=at) == 0
    with acting_as(bola):
        (his,) = Statement.objects.all()
        assert (his.monthly, his.money_in, his.closing) == (True, 3_800, 3_800)
    assert wallet.verify() == []


def test_a_long_history_is_read_in_pieces(purse: Account, bola: User, monkeypatch) -> None:
    monkeypatch.setattr("wallet.services.statements.making.SHORT", 2)
    monkeypatch.setattr("wallet.services.statements.lines.CHUNK", 2)
    assert make_monthly(month=today(), at=next_month(today())) == 2
    with acting_as_service():
        assert sorted(Statement.objects.values_list("money_out", flat=True)) == [0, 3_800]


def test_a_wrong_statement_is_named_by_the_proof(transactional_db, ada: User) -> None:
    account = make_wallet(ada, amount=500)
    one = made(account)
    with root() as database:
        database.execute("set session_replication_role = replica")
        database.execute(
            "update wallet_statement set money_in = money_in + 1, closing = closing + 1 where id = %s",
            [one.pk],
        )
    assert {(fault.check, fault.row) for fault in wallet.verify()} == {("statement", str(one.pk))}


def test_two_runs_at_once_make_each_month_once(transactional_db, ada: User, bola: User) -> None:
    for user in (ada, bola):
        make_wallet(user, amount=100)
    at = next_month(today())
    counts = at_once(*[lambda: make_monthly(month=today(), at=at, chunk=1)] * 3)
    assert sum(counts) == 2
    with acting_as_service():
        assert Statement.objects.count() == 2


def test_what_is_on_its_way_is_waited_for(transactional_db, ada: User) -> None:
    """A posting that began before a statement is asked for is in it: the statement waits for the account's lock."""
    account = make_wallet(ada, amount=100)
    other = make_wallet(make_other(), tier=3).pk
    set_limits(account.pk, floor=0, cap=None)
    results = at_once(
        *[as_service(post_one_line, account.pk, other, 1) for _ in range(4)],
        *[as_service(made, account) for _ in range(3)],
    )
    assert not [one for one in results if isinstance(one, Exception)]
    with acting_as_service():
        for one in Statement.objects.all():
            assert one.closing == 100 - (one.last_version - 1)
    assert wallet.verify() == []


def make_other() -> User:
    return make_person(name="Chidi Eze")


def test_a_stranger_sees_no_statement(purse: Account, bola: User) -> None:
    made(purse)
    with acting_as(bola):
        assert not Statement.objects.exists() and not Entry.objects.filter(account=purse).exists()
