"""The staff's pages of reconciling: who may do what, how many queries they cost, and what they say."""

import re
from datetime import timedelta
from io import BytesIO

import pytest
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from accounts import roles
from accounts.models import AuditEvent, Session, User
from accounts.services import sessions
from core.actors import acting_as_service
from wallet.models import Break, ClosedPeriod, Document, GatewayRow, RowImport
from wallet.services import documents
from wallet.tests.demo_world import make_demo_world
from wallet.tests.pages import text
from wallet.tests.reconciling import Clearing, furnish_reconciliation, row
from wallet.tests.test_admin import past_both_factors

pytestmark = pytest.mark.django_db(transaction=True)

WHY = "The bank's slip says so"


@pytest.fixture
def clearing(transactional_db) -> Clearing:
    make_demo_world()
    return furnish_reconciliation()


def as_role(name: str) -> Client:
    with acting_as_service():
        User.objects.get(email="agent@alajo.test").groups.set(Group.objects.filter(name=name))
    client = past_both_factors("agent@alajo.test")
    with acting_as_service():
        for session in Session.objects.live().filter(user__email="agent@alajo.test"):
            sessions.prove(session_id=session.pk, method="totp", at=timezone.now())
    return client


def one(model, **facts):
    with acting_as_service():
        return model.objects.filter(**facts).latest("pk")


def address(name: str, *args: object) -> str:
    return reverse(f"admin:wallet_{name}", args=args)


def day_of(clearing: Clearing) -> str:
    return address("reconciledday_day", clearing.account.pk, timezone.localdate().isoformat())


@pytest.mark.parametrize(
    ("role", "sees", "decides"),
    [
        *((roles.FINANCE, True, True), (roles.AUDITOR, True, False), (roles.COMPLIANCE, True, False)),
        *((roles.SUPPORT, False, False), (roles.KYC, False, False)),
    ],
)
def test_who_sees_and_who_decides(clearing, role, sees, decides):
    client, found, placed = as_role(role), one(Break), one(GatewayRow, matches__isnull=False)
    for way in (address("reconciledday_changelist"), day_of(clearing), day_of(clearing) + "csv/"):
        assert (client.get(way).status_code == 200) is sees
    deeds = [
        *(address(f"break_{deed}", found.pk) for deed in ("match", "explain", "reopen")),
        address("gatewayrow_apart", placed.pk),
        *(address(f"rowimport_{step}") for step in ("ask", "file")),
        address("closedperiod_close"),
    ]
    assert [client.get(way).status_code for way in deeds] == [200 if decides else 403] * len(deeds)
    assert client.post(address("reconciledday_run")).status_code == (302 if decides else 403)


def test_the_overview_costs_the_same_at_any_size(clearing):
    client = as_role(roles.FINANCE)
    client.get(address("reconciledday_changelist"))

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address("reconciledday_changelist")).status_code == 200
        return len(captured)

    few = queries()
    clearing.told(*[row(100 + n, f"ref-{n}") for n in range(60)])
    clearing.run()
    assert queries() == few
    page = text(client.get(address("reconciledday_changelist")))
    assert re.search(r"\d\d open", page) and "Under a day" in page


def test_a_list_of_differences_has_few_queries(clearing):
    client = as_role(roles.FINANCE)
    clearing.told(*[row(100 + n, f"ref-{n}") for n in range(90)])
    clearing.run()
    client.get(address("break_changelist"))
    with CaptureQueriesContext(connection) as captured:
        page = client.get(address("break_changelist"), {"state__exact": "OPEN", "age": "day"})
    assert page.status_code == 200
    assert len([each for each in captured if "wallet_" in each["sql"]]) <= 10


def test_a_difference_is_matched_explained_and_opened_again_on_its_page(clearing):
    client, found = as_role(roles.FINANCE), one(Break, reference="somebody-elses")
    key = clearing.posted(300)
    clearing.told(row(300, "another"), row(300, "a third"))
    clearing.run()
    page = text(client.get(address("break_change", found.pk)))
    assert "somebody-elses" in page and "90" in page
    short = client.post(address("break_match", found.pk), {"ids": str(key), "reason": "short"})
    assert short.status_code == 422
    wrong = client.post(address("break_match", found.pk), {"ids": "no id", "reason": WHY})
    assert wrong.status_code == 422 and "no id" in text(wrong)
    done = client.post(address("break_match", found.pk), {"others": [str(key)], "reason": WHY})
    assert done.status_code == 302
    assert one(Break, pk=found.pk).state == "RESOLVED"
    other = one(Break, reference="another")
    client.post(address("break_explain", other.pk), {"reason": WHY})
    assert one(Break, pk=other.pk).explanation == WHY
    client.post(address("break_reopen", other.pk), {"reason": WHY})
    assert one(Break, pk=other.pk).state == "OPEN"


def test_what_was_matched_is_taken_apart_on_its_page(clearing):
    client, placed = as_role(roles.FINANCE), one(GatewayRow, matches__isnull=False)
    assert "SUSPENSE" in text(client.get(address("gatewayrow_change", placed.pk)))
    client.post(address("gatewayrow_apart", placed.pk), {"reason": WHY})
    assert not one(GatewayRow, pk=placed.pk).is_placed
    assert "Taken apart" in text(client.get(address("gatewayrow_change", placed.pk)))


def test_a_file_that_cannot_be_read_says_why_and_faults_are_shown_by_line(clearing):
    client = as_role(roles.FINANCE)

    def send(content: bytes):
        sent = SimpleUploadedFile("day.csv", content)
        return client.post(address("rowimport_file"), {"account": str(clearing.account.pk), "file": sent})

    refused = send(b"PK\x03\x04\xff\xff")
    assert refused.status_code == 422 and "UTF-8" in text(refused)
    step = send(b"Date,Amount\n2026-11-29,1.00\nnever,2.00\n")
    assert step.status_code == 302
    facts = {"column_at": "0", "column_change": "1", "date_format": "ISO", "zone": "UTC", "name": "bank"}
    assert client.post(step.url, {**facts, "column_change": ""}).status_code == 422
    preview = client.post(step.url, facts)
    assert preview.status_code == 302
    page = client.get(preview.url)
    assert "“never” is no date" in text(page) and "Take it in" not in text(page)
    assert client.post(preview.url).status_code == 422
    assert client.get(address("rowimport_mapping", one(RowImport, state="DONE").pk)).status_code == 404


def test_the_report_as_csv_has_the_signature_and_is_written_down(clearing):
    client = as_role(roles.FINANCE)
    body = client.get(day_of(clearing) + "csv/").content.decode()
    assert "somebody-elses" in body and "signature" in body
    with acting_as_service():
        assert AuditEvent.objects.filter(action="wallet.day.exported").count() == 1


def test_the_report_on_paper_has_the_same_signature_and_a_code_that_confirms_it(clearing):
    client = as_role(roles.FINANCE)
    page = text(client.get(day_of(clearing)))
    first, again = (client.get(day_of(clearing) + "pdf/").content for _ in range(2))
    assert first == again and first.startswith(b"%PDF")
    with acting_as_service():
        document = Document.objects.get(kind="RECONCILIATION")
        assert AuditEvent.objects.filter(action="wallet.day.exported", data__format="pdf").count() == 2
    assert document.sha256 in page and document.code
    told = documents.confirm(code=document.code, address="192.0.2.1", at=timezone.now())
    assert told is not None and told.sha256 == document.sha256
    words = "".join(page.extract_text() for page in PdfReader(BytesIO(first)).pages)
    assert all(word in words for word in ("Not closed", "PAYSTACK_CLEARING", "somebody-elses"))


def test_a_day_that_nobody_knows_is_none(clearing):
    client = as_role(roles.FINANCE)
    for day in ("2026-13-01", "yesterday"):
        assert client.get(address("reconciledday_day", clearing.account.pk, day)).status_code == 404


def test_a_month_is_closed_on_its_page_and_its_reopening_is_proposed(clearing):
    client = as_role(roles.FINANCE)
    before = one(ClosedPeriod).month
    month = (before + timedelta(days=32)).replace(day=1)
    done = client.post(address("closedperiod_close"), {"month": month.isoformat(), "reason": WHY})
    assert done.status_code in (302, 422)
    page = text(client.get(address("closedperiod_change", one(ClosedPeriod).pk)))
    assert "Opening a month again" in page
