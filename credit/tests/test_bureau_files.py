"""The bureaux are told of all loans each month, once, in a file that they count; what was told wrong is told again."""

import json
from collections.abc import Iterator
from datetime import date, time, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any

import pytest
from django.core.management import call_command
from django.db import ProgrammingError, transaction
from django.utils import timezone

from accounts.models import AuditEvent, User
from accounts.tests.approving import make_colleague
from accounts.tests.factories import make_person
from core.actors import acting_as_service
from credit.models import BureauFile, BureauReturn, FileDelivery, Loan, Position, ReportedLoan
from credit.sandbox.inbox import FileFault, FileRefused, choose_file_fault, take
from credit.services import return_sending
from credit.services.approved import taken_back
from credit.services.portfolio import month_after
from credit.services.returns import MonthOpen, MonthPast, content_of, make_return
from credit.tests.closing import closed
from credit.tests.hard import done, pay
from credit.tests.scored import applicant, reach_bureaux
from credit.tests.test_portfolio import text_of
from credit.tests.world import DAY, NAIRA, lender, lent, moment, product
from storage_app import blobs
from storage_app.services import house, objects
from wallet.tests.approving import browser_of

THIS = timezone.localdate().replace(day=1)
MONTH, NEXT = month_after(THIS, -1), month_after(THIS, 1)
END = THIS - DAY
BEGUN = time(0, 0)


def owing(user: User, terms: Any, naira: int) -> Loan:
    """A loan without interest, so that its figures are plain, paid out twenty days before the month ended."""
    return lent(user, terms, naira=naira, rate=Decimal(0), at=moment(END - 20 * DAY), wallet_naira=0)


def told(made: BureauReturn) -> list[tuple[str, date, str, int]]:
    with acting_as_service():
        rows = ReportedLoan.objects.filter(of_return=made).select_related("loan").order_by("loan", "month")
        return [(row.loan.number, row.month, row.status, row.balance // NAIRA) for row in rows]


@pytest.mark.django_db
def test_a_month_is_told_once_with_its_control_totals_and_what_was_wrong_is_told_with_the_next() -> None:
    terms = product(lender(make_person()))
    ada, bola, chi = (applicant(name=name) for name in ("Ada Obi", "Bola Ojo", "Chi Eze"))
    first, second, third = owing(ada, terms, 120_000), owing(bola, terms, 60_000), owing(chi, terms, 30_000)
    begun = moment(THIS, BEGUN)
    with pytest.raises(MonthOpen):
        make_return(month=MONTH, at=begun)
    paid = pay(first, 10_000, END - 2 * DAY)
    for loan in (first, second):
        closed(loan, THIS)
    with acting_as_service():
        Position.objects.filter(pk=third.pk).update(parked_at=begun, error="a test")
    with pytest.raises(MonthOpen):
        make_return(month=THIS, at=begun)
    made = make_return(month=MONTH, at=begun)
    assert make_return(month=MONTH, at=timezone.now()).pk == made.pk
    # 120,000 − 10,000 + 60,000; the parked loan is not known of.
    assert told(made) == [(first.number, MONTH, "OPEN", 110_000), (second.number, MONTH, "OPEN", 60_000)]
    assert (made.rows, made.corrections, made.lent, made.balance, made.overdue) == (
        *(2, 0, 180_000 * NAIRA, 170_000 * NAIRA, 0),
    )
    with acting_as_service():
        file = BureauFile.objects.get(of_return=made, bureau="meridian")
        kept = b"".join(
            blobs.read(objects.find(bucket_id=house.BUREAU_FILES, name=file.object_name).version.blob_key)
        )
    content = content_of(file)
    head, one, _two, tail = content.decode().splitlines()
    assert head == f"H,ALAJO-1,ALAJO,meridian,{MONTH:%Y-%m},{file.pk.hex}"
    assert one.startswith(f"D,{first.number},{MONTH:%Y-%m},,222") and ",Obi,Ada,1990-04-02," in one
    assert one.endswith(",120000.00,110000.00,0.00,0,OPEN")
    body = content[: -len(tail) - 1]
    assert tail == f"T,2,0,180000.00,170000.00,0.00,{sha256(body).hexdigest()}"
    assert (file.sha256, file.bytes) == (sha256(content).hexdigest(), len(content))
    assert b"Obi" not in kept and b"222" not in kept[:20]
    with pytest.raises(MonthPast):
        make_return(month=month_after(MONTH, -1), at=begun)
    with acting_as_service(), pytest.raises(ProgrammingError), transaction.atomic():
        BureauReturn.objects.update(rows=9)

    # The payment of last month comes back, and the parked loan is closed: both are told with the next month.
    done(taken_back.TAKE_BACK, first, transaction=str(paid.pk))
    with acting_as_service():
        Position.objects.filter(pk=third.pk).update(parked_at=None, error="")
    for loan in (first, second, third):
        closed(loan, NEXT)
    later = make_return(month=THIS, at=moment(NEXT, BEGUN))
    lines = told(later)
    assert (later.rows, later.corrections) == (5, 2)
    assert [line for line in lines if line[1] == MONTH] == [
        *((first.number, MONTH, "OPEN", 120_000), (third.number, MONTH, "OPEN", 30_000))
    ]
    assert sum(line[1] == THIS for line in lines) == 3
    with acting_as_service():
        second_file = BureauFile.objects.get(of_return=later, bureau="savanna")
    assert f"D,{first.number},{MONTH:%Y-%m},C,222" in content_of(second_file).decode()
    desk = browser_of(make_colleague("credit.view_bureaureturn"))
    page = f"/staff/credit/bureaureturn/{later.pk}/change/"
    shown = text_of(desk.get(page))
    assert (
        second_file.sha256 in shown
        and "Corrections" in shown
        and "₦120,000.00" in shown
        and "Obi" not in shown
    )
    taken = text_of(desk.get(f"/staff/credit/bureaureturn/{later.pk}/lines/"))
    assert f"{first.number},{MONTH:%Y-%m},Yes,OPEN,120000.00,120000.00" in taken
    assert f"{THIS:%Y-%m}" in text_of(desk.get("/staff/credit/bureaureturn/"))
    other = browser_of(make_colleague("credit.view_loan"))
    assert other.get(f"/staff/credit/bureaureturn/{later.pk}/lines/").status_code == 403


@pytest.fixture
def sandbox(live_server: Any, settings: Any) -> Iterator[None]:
    reach_bureaux(settings, live_server.url)
    yield
    for code in settings.CREDIT_BUREAUX:
        choose_file_fault(code, "")


@pytest.mark.django_db(transaction=True)
def test_a_file_that_arrives_otherwise_is_refused_and_one_whose_receipt_was_lost_is_taken_once(
    sandbox: None, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level("DEBUG")
    loan = owing(applicant(name="Ada Obi"), product(lender(make_person())), 120_000)
    closed(loan, THIS)
    at = timezone.now()
    made = make_return(month=MONTH, at=at)
    with acting_as_service():
        files = {file.bureau: file for file in BureauFile.objects.filter(of_return=made)}
    bvn = content_of(files["savanna"]).decode().split(",222")[1][:8]
    choose_file_fault("savanna", FileFault.GARBLED)
    choose_file_fault("meridian", FileFault.LOST)
    assert set(return_sending.files_due(at=at)) == {file.pk for file in files.values()}
    refused, lost = (
        return_sending.send_file(file_id=files[code].pk, at=at) for code in ("savanna", "meridian")
    )
    assert (refused.outcome, refused.detail) == ("REFUSED", "refused: code TOTALS")
    assert lost.outcome == "FAILED" and lost.detail.startswith("unreachable")
    minute = timedelta(minutes=1)
    assert return_sending.files_due(at=at + minute) == []
    assert len(return_sending.files_due(at=at + 2 * minute)) == 2
    choose_file_fault("savanna", FileFault.DOWN)
    down = return_sending.send_file(file_id=files["savanna"].pk, at=at + 2 * minute)
    assert down.detail == "refused: HTTP 503"
    for code in files:
        choose_file_fault(code, "")
    # The command sends what waits: the bureau that had taken the file answers with the receipt that it gave.
    call_command("make_bureau_files", month=f"{MONTH:%Y-%m}")
    said = capsys.readouterr().out
    assert "1 lines, 0 of them corrections" in said and said.count("TAKEN") == 2
    content = content_of(files["meridian"])
    key, digest = files["meridian"].pk.hex, files["meridian"].sha256
    receipt = take("meridian", content, key=key, told=digest)
    with acting_as_service():
        assert FileDelivery.objects.get(file=files["meridian"], outcome="TAKEN").receipt == receipt.number
    assert return_sending.files_due(at=at + 100 * minute) == []
    again = return_sending.send_file(file_id=files["meridian"].pk, at=at + 100 * minute)
    assert again.receipt == receipt.number
    # Another file for the same month, or other bytes under the key, it would not take.
    other = content.replace(key.encode(), b"0" * 32)
    body = other[: other.rindex(b"T,")]
    other = other[: other.rindex(b",") + 1] + sha256(body).hexdigest().encode() + b"\n"
    with pytest.raises(FileRefused, match="MONTH_TAKEN"):
        take("meridian", other, key="0" * 32, told=sha256(other).hexdigest())
    with pytest.raises(FileRefused, match="HASH"):
        take("meridian", content + b" ", key=key, told=digest)
    # The number stands in no log, no trail and no delivery.
    with acting_as_service():
        trail = json.dumps(list(AuditEvent.objects.values_list("data", flat=True)), default=str)
        details = "".join(FileDelivery.objects.values_list("detail", flat=True))
    assert bvn not in caplog.text + trail + details + said
