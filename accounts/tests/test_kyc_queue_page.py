"""The queue as staff see it: order, filters, pages, ages, and what it costs."""

import re
from datetime import timedelta
from itertools import chain

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent, KycApplication
from accounts.services.kyc import queue
from accounts.tests.factories import make_person
from accounts.tests.kyc_cases import (
    FIRST,
    SECOND,
    at_desk,
    claimed,
    make_application,
    make_reviewer,
    now,
    recommended,
)
from core.actors import acting_as_service

pytestmark = pytest.mark.usefixtures("transactional_db")
QUEUE = "/staff/accounts/kycapplication/"
HOUR = timedelta(hours=1)
MANY = """
insert into accounts_user (id, password, is_superuser, email, role, is_active, created_at, updated_at, user_metadata,
    app_metadata, new_email)
select ('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, '!', false, n || '@many.test', 'USER', true,
    now(), now(), '{}', '{}', '' from generate_series(1, %(n)s) n;
insert into accounts_customer (user_id, status, tier, phone, lock_reason)
select id, 'ACTIVE', 1, '', '' from accounts_user where email like '%%@many.test';
insert into accounts_kycapplication (id, customer_id, target_tier, state, revision, priority, first_name, middle_name,
    last_name, address, city, region, country, consent_version, consent_text, consented_at, asked_again, created_at,
    updated_at, expires_at)
select uuidv7(), user_id, 2, 'DRAFT', 1, 50, '', '', '', '', '', '', 'NG', '1', 'x', now(), '[]', now(), now(), now()
from accounts_customer where user_id::text like '01900000-0000-7000-8000-%%';
update accounts_kycapplication set state = 'SUBMITTED', submitted_at = now() where state = 'DRAFT';
"""


def many(number: int) -> None:
    with acting_as_service(), connection.cursor() as cursor:
        for statement in (MANY % {"n": number}).split(";")[:-1]:
            cursor.execute(statement)


def cases_on(page) -> list:
    return [case.pk for case in page.context["cl"].result_list]


def test_the_list_is_the_order_in_which_cases_are_claimed_and_filters_narrow_it():
    agent, client = at_desk(FIRST)
    at = timezone.now()
    old = make_application(priority=10, at=at - 30 * HOUR)
    young = make_application(priority=10, at=at - HOUR)
    risky = make_application(priority=95, at=at - 13 * HOUR, tier=3)
    make_application(state="DRAFT")
    more = make_application(state="MORE_NEEDED")
    assert cases_on(client.get(QUEUE)) == [risky.pk, old.pk, young.pk]
    second = recommended(make_application(tier=3, at=at), make_reviewer())
    mine = claimed(young, agent)

    def only(**asked: str) -> set:
        return set(cases_on(client.get(QUEUE, asked)))

    assert only(waiting="late") == {old.pk}
    assert only(waiting="due") == {risky.pk}
    assert only(waiting="in-time") == {young.pk, second.pk}
    assert only(tier="3") == {risky.pk, second.pk}
    assert only(band="escalated") == {risky.pk}
    assert only(turn="mine") == {mine.pk} == only(state="in-review")
    assert only(turn="second") == {second.pk}
    assert only(state="submitted") == {old.pk, risky.pk, second.pk}
    assert only(state="more_needed") == {more.pk}
    assert only(state="draft", tier="nonsense", band="?", waiting="?") != set()
    with acting_as_service():
        KycApplication.objects.filter(pk=mine.pk).update(leased_until=at - HOUR)
    assert only(state="in-review") == set() == only(turn="mine")
    assert mine.pk in only(state="submitted")


def test_the_age_stands_there_in_words_and_the_list_names_nobody():
    _agent, client = at_desk()
    make_application(at=timezone.now() - 30 * HOUR)
    page = client.get(QUEUE).content.decode()
    assert "Late: 30 h" in page and "badge--error" in page and "Obiakor" not in page and "Adaeze" not in page


def test_a_person_is_found_by_address_and_the_search_is_written_down():
    _agent, client = at_desk()
    ada = make_person(email="ada.of.ikeja@alajo.test")
    case = make_application(customer=ada)
    make_application()
    assert cases_on(client.get(QUEUE, {"q": "ada.of.ikeja@alajo.test"})) == [case.pk]
    assert cases_on(client.get(QUEUE, {"q": str(case.pk)})) == [case.pk]
    with acting_as_service():
        line = AuditEvent.objects.get(action="accounts.kycapplication.listed")
    assert "ada.of.ikeja" not in str(line.data)


def test_pages_follow_one_another_without_gap_or_repeat_forth_and_back():
    _agent, client = at_desk()
    many(230)
    make_application(priority=90)
    forth, address = [], QUEUE
    pages = []
    while address:
        page = client.get(address)
        pages.append(address)
        forth.append(cases_on(page))
        found = page.context["cl"].older_url
        address = f"{QUEUE}{found}" if found else ""
    with acting_as_service():
        whole = list(
            KycApplication.objects.queued()
            .order_by("-priority", "submitted_at", "id")
            .values_list("pk", flat=True)
        )
    assert [len(part) for part in forth] == [100, 100, 31] and list(chain(*forth)) == whole
    back = client.get(QUEUE + client.get(pages[2]).context["cl"].newer_url)
    assert cases_on(back) == forth[1]


@pytest.mark.parametrize("place", ["x", "1~2~3", "5~2026-01-01~nope", "~~", "9~not-a-time~0190"])
def test_a_place_that_is_none_is_refused(place):
    _agent, client = at_desk()
    make_application()
    for name in ("before", "after"):
        assert client.get(QUEUE, {name: place}).status_code in (302, 400)


def test_a_page_costs_ten_queries_at_most_with_a_hundred_rows_and_says_how_many_wait():
    _agent, client = at_desk()
    make_application()

    def cost() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert client.get(QUEUE).status_code == 200
        return len(
            [
                q
                for q in asked.captured_queries
                if q["sql"].upper().startswith("SELECT ") and "set_config" not in q["sql"]
            ]
        )

    cost()
    alone = cost()
    many(600)
    assert cost() == alone <= 10
    assert "500+ wait for somebody" in client.get(QUEUE).content.decode()


def test_the_next_case_opens_and_where_there_is_none_it_says_so():
    agent, client = at_desk()
    case = make_application()
    answer = client.post(reverse("admin:accounts_kycapplication_next"), follow=True)
    assert answer.redirect_chain[-1][0].endswith(f"/{case.pk}/change/")
    assert "The case is yours" in answer.content.decode() and now(case).claimed_by_id == agent.pk
    answer = client.post(reverse("admin:accounts_kycapplication_next"), follow=True)
    assert "No case waits for you." in answer.content.decode()


def test_letting_go_by_the_page_returns_the_case():
    agent, client = at_desk()
    case = claimed(make_application(), agent)
    page = client.post(reverse("admin:accounts_kycapplication_release", args=[case.pk]), follow=True)
    assert "back in the queue" in page.content.decode() and now(case).state == "SUBMITTED"
    with acting_as_service():
        assert queue.claims_of(agent, at=timezone.now()).count() == 0


def test_each_figure_of_the_first_page_equals_the_list_it_leads_to():
    _agent, client = at_desk(FIRST)
    at = timezone.now()
    for hours in (1, 2, 13, 30, 31, 32):
        make_application(at=at - hours * HOUR)
    recommended(make_application(tier=3, at=at), make_reviewer(FIRST, SECOND))
    page = client.get(reverse("admin:index")).content.decode()
    part = page[page.index("Applications</h2>") :]
    part = part[: part.index("</ul>")]
    figures = re.findall(r'href="([^"]+)">.*?<strong class="figure__value">(\d+)', part, re.DOTALL)
    assert [int(value) for _address, value in figures] == [3, 1, 3, 1]
    for address, value in figures:
        assert len(cases_on(client.get(address.replace("&amp;", "&")))) == int(value)
    assert "figure--alarm" in part
