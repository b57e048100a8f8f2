"""What stands round every view: the actor, the caller's address, and the refusal of hostile input."""

import asyncio

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import HttpResponse, JsonResponse
from django.template import engines
from django.template.response import TemplateResponse
from django.test import AsyncClient, Client, RequestFactory
from django.urls import path

from accounts.models import Profile
from accounts.tests.factories import make_person, sign_in
from config.urls import urlpatterns as ordinary
from core import actors
from core.actors import acting_as_service
from core.middleware import client_ip, origin_of

pytestmark = [pytest.mark.usefixtures("transactional_db"), pytest.mark.urls(__name__)]
EVERYBODY = "{% for profile in profiles %}{{ profile.display_name }};{% endfor %}"


def database_role() -> str:
    with connection.cursor() as cursor:
        cursor.execute("select current_user")
        return cursor.fetchone()[0]


@login_not_required
def who(request):
    return HttpResponse(database_role())


@login_not_required
def everybody(request):
    """Leaves its query to be run when the template is rendered."""
    template = engines["django"].from_string(EVERYBODY)
    return TemplateResponse(request, template, {"profiles": Profile.objects.order_by("display_name")})


@login_not_required
def rename_and_fail(request):
    Profile.objects.update(display_name="Gone")
    raise RuntimeError("after writing")


@login_not_required
def rename_and_break_the_page(request):
    Profile.objects.update(display_name="Gone")
    return TemplateResponse(request, "no/such/template.html")


@login_not_required
@actors.outside_transaction
def alone(request):
    return JsonResponse({"atomic": connection.in_atomic_block, "actor": actors.current_actor() is not None})


def private(request):
    return HttpResponse("for the signed-in only")


@login_not_required
def origin(request):
    now = actors.current_origin()
    return JsonResponse({"ip": now.ip, "agent": now.user_agent, "request": now.request_id})


urlpatterns = [
    path("who/", who),
    *[path(f"{prefix}/who/", who) for prefix in ("api/v1", "accountsof", "api/v1/accounts")],
    *[path(f"{prefix}/who/", who) for prefix in ("accounts", "staff", "webhooks", "sandbox", "dev")],
    path("everybody/", everybody),
    path("dev/fail/", rename_and_fail),
    path("dev/broken/", rename_and_break_the_page),
    path("alone/", alone),
    path("origin/", origin),
    path("private/", private),
    *ordinary,
]
handler400, handler500 = "core.views.bad_request", "core.views.server_error"


@pytest.mark.parametrize("prefix", ["accounts", "staff", "webhooks", "sandbox", "dev"])
def test_pages_of_the_system_run_as_the_service(client, prefix):
    assert client.get(f"/{prefix}/who/").content == b"service_role"


@pytest.mark.parametrize("address", ["/who/", "/api/v1/who/", "/accountsof/who/", "/api/v1/accounts/who/"])
def test_a_visitor_runs_as_a_stranger_wherever_the_path_only_looks_like_the_systems(client, address):
    assert client.get(address).content == b"anon"


def test_a_signed_in_page_runs_as_its_person_but_the_api_only_after_its_own_authentication(client):
    sign_in(client, make_person())
    assert client.get("/who/").content == b"authenticated"
    assert client.get("/api/v1/who/").content == b"anon"


def test_a_page_that_is_not_marked_open_asks_for_a_log_in(client):
    assert client.get("/private/").url == "/accounts/login/?next=/private/"


def test_what_a_template_reads_is_read_as_the_person_too(client):
    ada, _bola = make_person(name="Ada"), make_person(name="Bola")
    sign_in(client, ada)
    assert client.get("/everybody/").content == b"Ada;"


@pytest.mark.parametrize("address", ["/dev/fail/", "/dev/broken/"])
def test_what_a_failing_page_wrote_is_taken_back(client, address):
    make_person(name="Ada")
    client.raise_request_exception = False
    assert client.get(address).status_code == 500
    with acting_as_service():
        assert Profile.objects.get().display_name == "Ada"


def test_after_each_request_the_connection_belongs_to_nobody(client):
    sign_in(client, make_person())
    client.raise_request_exception = False
    for address in ("/who/", "/accounts/who/", "/dev/fail/"):
        client.get(address)
        assert database_role() == "alajo_app"
        assert actors.current_actor() is None


def test_a_view_that_calls_the_outside_world_runs_outside_any_transaction(client):
    assert client.get("/alone/").json() == {"atomic": False, "actor": False}


def test_a_page_knows_where_its_request_came_from(client):
    said = client.get("/origin/", headers={"user-agent": "x" * 1000}).json()
    assert said["ip"] == "127.0.0.1"
    assert said["agent"] == "x" * 400
    assert said["request"]
    assert actors.current_origin() == actors.Origin()


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address", "expected"),
    [
        (0, None, "192.0.2.1", "192.0.2.1"),
        (0, "203.0.113.9", "192.0.2.1", "192.0.2.1"),
        (1, "203.0.113.9", "10.0.0.1", "203.0.113.9"),
        (1, "6.6.6.6, 203.0.113.9", "10.0.0.1", "203.0.113.9"),
        (2, "6.6.6.6, 203.0.113.9, 10.0.0.2", "10.0.0.1", "203.0.113.9"),
        (2, "203.0.113.9", "10.0.0.1", "10.0.0.1"),
        (1, None, "10.0.0.1", "10.0.0.1"),
        (1, "  , ,", "10.0.0.1", "10.0.0.1"),
        (1, "2001:db8::1", "10.0.0.1", "2001:db8::1"),
        (0, None, "fe80::1%eth0", "fe80::1"),
        (1, "'; drop table accounts_user; --", "10.0.0.1", None),
        (1, "unknown", "10.0.0.1", None),
        (0, None, "", None),
    ],
)
def test_the_callers_address_counts_only_proxies_we_run(settings, proxies, forwarded, address, expected):
    settings.TRUSTED_PROXY_COUNT = proxies
    headers = {} if forwarded is None else {"x-forwarded-for": forwarded}
    request = RequestFactory().get("/", headers=headers, REMOTE_ADDR=address)
    assert client_ip(request) == expected
    assert origin_of(request).ip == expected


@pytest.mark.parametrize("address", ["/who/%00", "/who/?a=%00", "/who/?a=1&a=x%00y", "/%00/"])
def test_a_nul_byte_in_the_address_is_a_bad_request(client, address):
    assert client.get(address).status_code == 400


def test_a_nul_byte_in_a_form_is_a_bad_request_before_anyone_reads_it(client):
    assert client.post("/dev/fail/", {"note": "a\x00b"}).status_code == 400


def test_a_bad_request_is_a_page_of_ours_with_a_reference(client):
    answer = client.get("/who/?a=%00")
    assert "400.html" in [template.name for template in answer.templates]
    assert answer.headers["Request-Id"] in answer.content.decode()


def test_bytes_that_are_no_text_are_no_fault_of_ours(client):
    careful = Client()
    assert careful.get("/who/?a=%ff%fe").status_code == 200
    body = b"note=%ff%fe&b=\xff\xfe"
    answer = careful.post("/dev/who/", body, content_type="application/x-www-form-urlencoded")
    assert answer.content == b"service_role"


def test_more_fields_than_any_form_of_ours_has_are_refused(client):
    answer = client.post("/dev/who/", {f"field{number}": "x" for number in range(300)})
    assert answer.status_code == 400


def test_a_body_beyond_the_limit_is_refused(client):
    answer = client.post("/dev/who/", {"note": "x" * (1024 * 1024 + 1)})
    assert answer.status_code in (400, 413)


def test_under_asgi_the_actor_is_the_same_and_gone_afterwards():
    """Served by uvicorn, the stack runs in worker threads and the context is carried between them."""
    ada = make_person(name="Ada")
    browser, stranger = (AsyncClient(raise_request_exception=False) for _each in range(2))
    sign_in(browser, ada)

    async def visit() -> list[bytes]:
        pages = [(browser, "/who/"), (stranger, "/who/"), (browser, "/dev/who/"), (stranger, "/dev/fail/")]
        answers = await asyncio.gather(*(client.get(address) for client, address in pages * 3))
        assert actors.current_actor() is None
        roles = [answer.content for answer in answers if answer.status_code == 200]
        role = await sync_to_async(database_role)()
        await sync_to_async(lambda: connection.close())()
        return [*roles, role.encode()]

    assert asyncio.run(visit()) == [b"authenticated", b"anon", b"service_role"] * 3 + [b"alajo_app"]
    with acting_as_service():
        assert Profile.objects.get().display_name == "Ada"
