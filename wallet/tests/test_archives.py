"""A month leaves the database for files and comes back; meanwhile the books are proven and read as ever."""

from collections.abc import Iterator
from datetime import date
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import make_person
from core.actors import acting_as, acting_as_service
from core.ids import posting_id
from core.models import Archive
from core.partitions import partitions_of
from storage_app.models import Object
from storage_app.services import house
from wallet import personal
from wallet import services as wallet
from wallet.archive_tasks import fetch_archived_movements
from wallet.models import Account, Entry, Recall, Statement
from wallet.refusals import ArchiveNotSealed, ArchiveStillNeeded, MovementsInArchive
from wallet.services.archives import months, recalls
from wallet.services.archives.parquet import ArchiveDiffers
from wallet.services.statements import files, make_statement
from wallet.tests.archiving import LONG_AGO, months_of_the_past, moved_back, proven_and_sealed
from wallet.tests.factories import make_wallet
from wallet.tests.ledger import (
    ask,
    commit,
    give,
    place,
    post_one_line,
    prove_the_books,
    root,
    set_limits,
    system,
)
from wallet.tests.pages import browser_of, text

pytestmark = pytest.mark.django_db(transaction=True)
MARCH = "wallet_transaction_y2019m03"
CALL = months._call
TRAIL = "accounts_auditevent_y2019m03"


class Past:
    """Ada and Bola, who moved money in March 2019 and again today."""

    def __init__(self, *, sealed: bool = True, final: bool = True) -> None:
        self.ada, self.bola = make_person(name="Ada Obi"), make_person(name="Bola Ade")
        self.hers, self.his = (make_wallet(user, tier=3).pk for user in (self.ada, self.bola))
        for pk in (self.hers, self.his):
            set_limits(pk, floor=0, cap=None)
        give(self.hers, 100_000)
        give(self.his, 5_000)
        taken_back = post_one_line(self.hers, self.his, 700)
        self.hold = place(self.hers, 4_000)
        commit(self.hold, system("PAYSTACK_CLEARING"), 3_000, final=final)
        with acting_as_service():
            wallet.reverse(posting_id=posting_id(), reverses=taken_back.id)
        moved_back()
        if sealed:
            proven_and_sealed()
        post_one_line(self.hers, self.his, 1_250)
        give(self.hers, 10)
        if sealed:
            proven_and_sealed()
        prove_the_books()

    def account(self, user: User) -> Account:
        with acting_as_service():
            return Account.objects.get(owner=user)


@pytest.fixture
def past(transactional_db) -> Iterator[Past]:
    with months_of_the_past():
        yield Past()
        prove_the_books()


def archived(partition: str = MARCH) -> Archive:
    return months.archive(
        table=partition[: -len("_y2019m03")], partition=partition, at=timezone.now(), part=3
    )


def versions(user: User, account: object) -> list[int]:
    with acting_as(user):
        return list(
            Entry.objects.filter(account_id=account).order_by("version").values_list("version", flat=True)
        )


def test_a_month_is_taken_out_and_the_books_are_proven_without_it(past: Past) -> None:
    before = versions(past.ada, past.hers)
    month = archived()
    assert (month.state, month.rows) == ("DETACHED", 5)
    assert [part["rows"] for part in month.parts] == [5]
    assert wallet.verify() == []
    assert versions(past.ada, past.hers) == before[-2:]
    with acting_as_service():
        assert MARCH not in {one.name for one in partitions_of("wallet_transaction")}
        assert Object.objects.filter(bucket_id=house.ARCHIVES).count() == 2
        assert wallet.balance_of(past.hers) == 100_000 - 3_000 - 1_250 + 10
        assert wallet.balance_of(system("PAYSTACK_CLEARING")) == 105_000 - 3_000 + 10


def test_it_comes_back_from_the_table_and_from_the_files(past: Past) -> None:
    before = versions(past.ada, past.hers)
    archived()
    assert months.restore(partition=MARCH).state == "RESTORED"
    assert versions(past.ada, past.hers) == before
    prove_the_books()
    assert archived().state == "DETACHED"
    assert months.drop_all(at=timezone.now(), after_days=0) == [MARCH]
    assert wallet.verify() == []
    assert months.restore(partition=MARCH).state == "RESTORED"
    assert versions(past.ada, past.hers) == before
    with acting_as_service(), pytest.raises(Exception, match="permission denied"):
        ask(f"insert into {MARCH} select * from wallet_transaction limit 1")


def test_the_trail_is_archived_alike(past: Past) -> None:
    month = archived(TRAIL)
    assert month.state == "DETACHED" and month.rows > 0
    assert months.drop_all(at=timezone.now(), after_days=0) == [TRAIL]
    assert months.restore(partition=TRAIL).state == "RESTORED"


def test_what_is_not_sealed_stays(transactional_db) -> None:
    with months_of_the_past():
        Past(sealed=False)
        with pytest.raises(ArchiveNotSealed):
            archived()
        assert months.month_named(MARCH).state == "VERIFIED"
        proven_and_sealed()
        assert archived().state == "DETACHED"
        prove_the_books()


def test_what_an_open_hold_refers_to_stays(transactional_db) -> None:
    with months_of_the_past():
        past = Past(final=False)
        with pytest.raises(ArchiveStillNeeded):
            archived()
        with acting_as_service():
            wallet.release_hold(hold_id=past.hold)
        assert archived().state == "DETACHED"
        prove_the_books()


def test_files_that_were_changed_are_noticed_before_anything_is_dropped(past: Past) -> None:
    month = archived()
    with acting_as_service():
        months._put(
            month.parts[0]["name"],
            b"PAR1 something else",
            "application/vnd.apache.parquet",
            at=timezone.now(),
        )
    with pytest.raises(ArchiveDiffers):
        months.drop_all(at=timezone.now(), after_days=0)
    assert months.month_named(MARCH).state == "DETACHED"


def test_a_run_that_was_killed_goes_on(past: Past, monkeypatch) -> None:
    for step in ("archive_part", "archive_written", "archive_verified", "archive_detach"):

        def killed(function: str, *parameters: object, at: str = step) -> None:
            if function.startswith(at):
                raise KeyboardInterrupt
            CALL(function, *parameters)

        with monkeypatch.context() as here, pytest.raises(KeyboardInterrupt):
            here.setattr(months, "_call", killed)
            archived()
        assert wallet.verify() == []
    assert archived().state == "DETACHED"
    assert [part["rows"] for part in months.month_named(MARCH).parts] == [5]


def test_the_ones_that_are_due_are_taken_out_and_the_rest_is_left(past: Past) -> None:
    at = timezone.now()
    assert {month.partition for month in months.archive_all(at=at, keep_months=60)} == {
        f"{table}_y2019m{month}"
        for table in ("wallet_transaction", "accounts_auditevent")
        for month in ("01", "02", "03")
    }
    assert months.archive_all(at=at, keep_months=60) == []


def test_books_with_faults_keep_all_their_months(past: Past) -> None:
    with root() as database:
        database.execute("set session_replication_role = replica")
        database.execute("update wallet_account set balance = balance + 1 where id = %s", [past.hers])
    with pytest.raises(months.BooksNotProven):
        months.archive_all(at=timezone.now(), keep_months=60)
    with root() as database:
        database.execute("update wallet_account set balance = balance - 1 where id = %s", [past.hers])


def test_a_balance_of_a_month_that_is_out_is_known_at_its_ends_and_refused_inside(past: Past) -> None:
    archived()
    with acting_as_service():
        assert wallet.balance_at(past.hers, LONG_AGO.replace(day=1)) == 0
        assert wallet.balance_at(past.hers, LONG_AGO.replace(month=6)) == 97_000
        at = ask("select first_at, last_at from wallet_archivedrun where account_id = %s", past.hers)[0]
        with pytest.raises(MovementsInArchive):
            wallet.balance_at(past.hers, at[0] + (at[1] - at[0]) / 2)


def test_ones_own_entries_are_fetched_and_nobody_elses(past: Past) -> None:
    before = versions(past.ada, past.hers)
    archived()
    at = timezone.now()
    with acting_as(past.ada):
        assert (
            recalls.recall(account=past.account(past.ada), since=LONG_AGO.replace(day=1), until=at, at=at)
            == 1
        )
    assert recalls.fetch_waiting(at=at) == 1
    assert recalls.fetch_waiting(at=at) == 0
    assert versions(past.ada, past.hers) == before
    assert len(versions(past.bola, past.his)) == 1
    assert versions(past.bola, past.hers) == []
    with acting_as(past.bola):
        assert not ask("select * from wallet_recalledentry") and not Recall.objects.exists()
    later = at + recalls.KEPT_FOR * 2
    assert recalls.forget(at=later) == 1
    assert versions(past.ada, past.hers) == before[-2:]


def test_a_month_that_comes_back_leaves_no_entry_twice(past: Past) -> None:
    before = versions(past.ada, past.hers)
    archived()
    at = timezone.now()
    recalls.recall(account=past.account(past.ada), since=LONG_AGO.replace(day=1), until=at, at=at)
    recalls.fetch_waiting(at=at)
    months.restore(partition=MARCH)
    assert versions(past.ada, past.hers) == before


def test_a_statement_of_archived_days_waits_until_they_are_here(past: Past) -> None:
    account, at = past.account(past.ada), timezone.now()
    march = {"since": date(2019, 3, 1), "until": date(2019, 3, 31)}
    before = make_statement(account=account, **march, at=at)
    with acting_as_service():
        paper = files.pdf(before)
    archived()
    assert wallet.verify() == []
    with acting_as_service(), pytest.raises(MovementsInArchive):
        files.require_readable(before)
    half = {"since": LONG_AGO.date(), "until": date(2019, 3, 20)}
    waits = make_statement(account=account, **half, at=at)
    assert waits.state == "WAITING"
    assert make_statement(account=account, **march, at=at).pk == before.pk
    fetch_archived_movements()
    with acting_as_service():
        files.require_readable(before)
        assert files.pdf(before) == paper
        assert not Statement.objects.filter(state="WAITING").exists()
    assert wallet.verify() == []


def test_older_movements_are_fetched_from_the_feed(past: Past) -> None:
    archived()
    browser = browser_of(past.ada)
    assert "Older movements lie in our archive" in text(browser.get("/activity/"))
    browser.post("/activity/older/")
    assert "being fetched" in text(browser.get("/activity/"))
    fetch_archived_movements()
    page = text(browser.get("/activity/"))
    assert "archive" not in page and "₦1,000.00" in page


def test_a_person_takes_along_what_lies_in_the_archive(past: Past) -> None:
    archived()
    with acting_as(past.ada):
        rows = next(rows for name, rows in personal.export(past.ada) if name == "transactions")
        assert [row["change"] for row in rows] == [100_000, -700, -3_000, 700, -1_250, 10]


def test_the_command_says_where_months_stand_and_moves_them(past: Past) -> None:
    out = StringIO()
    call_command("archive_partitions", keep_months=60, stdout=out)
    call_command("archive_partitions", "--list", stdout=out)
    call_command("archive_partitions", "--drop", after_days=0, stdout=out)
    call_command("archive_partitions", "--check", MARCH, stdout=out)
    call_command("archive_partitions", "--restore", MARCH, stdout=out)
    told = out.getvalue()
    assert f"{MARCH}  DETACHED  5 rows" in told and f"{MARCH}: 5 rows are back." in told
    with pytest.raises(CommandError, match="archive_not_so_far"):
        call_command("archive_partitions", "--restore", MARCH, stdout=out)
