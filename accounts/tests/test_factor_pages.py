"""The pages of second factors: set up, named, used, removed; recovery codes; and who may not."""

import json
import re

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.test import Client
from django.utils import timezone

from accounts import factors, totp
from accounts.models import AuditEvent, PendingFactor, Session, User
from accounts.models.people import Role
from accounts.services import factors as services
from accounts.tests.factories import PASSWORD, make_person
from accounts.tests.passkey_device import PRESENT, Device
from core.actors import acting_as_service

pytestmark = pytest.mark.usefixtures("transactional_db")
HOME = "/accounts/2fa/"
APP, KEYS, CODES = f"{HOME}totp/activate/", f"{HOME}webauthn/", f"{HOME}recovery-codes/"


@pytest.fixture(autouse=True)
def our_site(settings):
    settings.SITE_URL = "http://localhost"


@pytest.fixture
def ada() -> User:
    return make_person(email="ada@alajo.test")


@pytest.fixture
def as_ada(client, ada) -> Client:
    """Logged in by password, which was confirmed just now."""
    log_in(client, ada)
    client.post("/accounts/reauthenticate/?next=/home/", {"password": PASSWORD})
    return client


@pytest.fixture
def device() -> Device:
    return Device(origin="http://localhost")


def log_in(client: Client, user: User):
    return client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})


def options(page) -> dict:
    found = re.search(r'<script id="passkey-options" type="application/json">(.*?)</script>', text(page))
    assert found
    return json.loads(found[1])


def text(page) -> str:
    return page.content.decode()


def add_key(client: Client, device: Device, name: str = "My phone"):
    made = device.create(options(client.get(f"{KEYS}add/")))
    return client.post(f"{KEYS}add/", {"name": name, "credential": json.dumps(made)})


def rows(kind: str) -> list[Authenticator]:
    with acting_as_service():
        return list(Authenticator.objects.filter(type=kind).order_by("pk"))


def level_of(user: User) -> list[str]:
    with acting_as_service():
        return list(Session.objects.live().filter(user=user).order_by("pk").values_list("level", flat=True))


def test_an_app_is_set_up_by_its_first_code_which_is_then_used_up(as_ada, ada):
    page = as_ada.get(APP)
    secret = page.context["form"].secret
    assert secret in text(page) and "<svg" in text(page) and "style=" not in text(page)
    assert as_ada.get(APP).context["form"].secret == secret
    assert secret not in str(dict(as_ada.session))
    assert as_ada.post(APP, {"code": "000000"}).status_code == 422
    code = totp.code_at(secret, timezone.now())
    assert as_ada.post(APP, {"code": code}).url == CODES
    [row] = rows("totp")
    assert secret not in str(row.data)
    assert level_of(ada) == ["aal2"]
    assert mail.outbox[-1].subject == "An authenticator app was set up"
    with acting_as_service():
        assert not PendingFactor.objects.exists()
    assert as_ada.get(APP).url == f"{HOME}totp/deactivate/"

    again = Client()
    log_in(again, ada)
    again.post(f"{HOME}authenticate/", {"code": code})
    assert "_auth_user_id" not in again.session


def test_a_seed_that_is_moved_to_another_row_does_not_open(ada):
    other = make_person()
    factors.enrol_totp(user=ada)
    factors.enrol_totp(user=other)
    mine, theirs = rows("totp")
    theirs.data["secret"] = mine.data["secret"]
    with pytest.raises(totp.encryption.DecryptionFailed):
        totp.secret_of(theirs)


def test_setting_up_asks_for_the_password_first(client, ada):
    log_in(client, ada)
    assert client.get(APP).url.startswith("/accounts/reauthenticate/")
    assert client.get(f"{KEYS}add/").url.startswith("/accounts/reauthenticate/")
    with acting_as_service():
        assert not PendingFactor.objects.exists()


def test_an_app_begun_by_one_is_not_finished_by_another(as_ada, ada):
    as_ada.get(APP)
    other = Client()
    eve = make_person()
    log_in(other, eve)
    other.post("/accounts/reauthenticate/?next=/home/", {"password": PASSWORD})
    session = other.session
    session["factors.pending"] = as_ada.session["factors.pending"]
    session.save()
    other.get(APP)
    assert other.session["factors.pending"] != as_ada.session["factors.pending"]


def test_passkeys_have_names_and_show_when_they_were_used(as_ada, ada, device):
    assert add_key(as_ada, device).url == CODES
    assert level_of(ada) == ["aal2"]
    assert mail.outbox[-1].subject == "A passkey was added"
    assert add_key(as_ada, Device(origin="http://localhost"), "Key <b>").url == HOME
    page = text(as_ada.get(HOME))
    assert "My phone" in page and "Key &lt;b&gt;" in page and "not used yet" in page

    first, second = rows("webauthn")
    taken = as_ada.post(f"{KEYS}keys/{first.pk}/edit/", {"name": "Key <b>"})
    assert taken.status_code == 422
    assert as_ada.post(f"{KEYS}keys/{first.pk}/edit/", {"name": " Work  laptop "}).url == HOME
    assert "Work laptop" in text(as_ada.get(HOME))
    assert as_ada.post(f"{KEYS}keys/{second.pk}/remove/").url == HOME
    assert [row.data["name"] for row in rows("webauthn")] == ["Work laptop"]
    assert mail.outbox[-1].subject == "A passkey was removed"


def test_a_passkey_opens_the_second_step_and_a_stale_answer_does_not(as_ada, ada, device):
    add_key(as_ada, device)
    browser = Client()
    step = log_in(browser, ada).url
    got = json.dumps(device.get(options(browser.get(step))))
    assert browser.post(step, {"credential": got}).status_code == 302
    assert "_auth_user_id" in browser.session
    assert level_of(ada) == ["aal2", "aal2"]
    assert rows("webauthn")[0].last_used_at is not None

    thief = Client()
    step = log_in(thief, ada).url
    thief.get(step)
    thief.post(step, {"credential": got})
    assert "_auth_user_id" not in thief.session


def test_a_passkey_logs_in_by_itself_without_a_password(as_ada, ada, device):
    add_key(as_ada, device)
    browser = Client()
    asked = browser.get(f"{KEYS}login/", headers={"Accept": "application/json"}).json()["request_options"]
    assert browser.post(f"{KEYS}login/", {"credential": json.dumps(device.get(asked))}).url == "/home/"
    assert browser.get("/home/").status_code == 200
    with acting_as_service():
        last = Session.objects.order_by("-pk").first()
    assert (last.level, last.methods[0]["method"]) == ("aal2", "mfa/webauthn")


def test_a_passkey_that_did_not_ask_for_its_owner_does_not_log_in_by_itself(as_ada, ada, device):
    add_key(as_ada, device)
    device.flags = PRESENT
    browser = Client()
    asked = browser.get(f"{KEYS}login/", headers={"Accept": "application/json"}).json()["request_options"]
    browser.post(f"{KEYS}login/", {"credential": json.dumps(device.get(asked))})
    assert "_auth_user_id" not in browser.session


def test_a_passkey_does_not_log_in_as_somebody_else(as_ada, ada, device):
    add_key(as_ada, device)
    eve = make_person(email="eve@alajo.test")
    device.handle = eve.pk.hex.encode()
    browser = Client()
    asked = browser.get(f"{KEYS}login/", headers={"Accept": "application/json"}).json()["request_options"]
    browser.post(f"{KEYS}login/", {"credential": json.dumps(device.get(asked))})
    assert "_auth_user_id" not in browser.session


@pytest.mark.parametrize("origin", ["http://evil.example", "http://sub.localhost", "https://localhost"])
def test_a_passkey_used_on_another_site_does_not_log_in(as_ada, ada, device, origin):
    add_key(as_ada, device)
    device.origin = origin
    browser = Client()
    asked = browser.get(f"{KEYS}login/", headers={"Accept": "application/json"}).json()["request_options"]
    browser.post(f"{KEYS}login/", {"credential": json.dumps(device.get(asked))})
    assert "_auth_user_id" not in browser.session


@pytest.mark.parametrize(
    "garbage",
    [
        "",
        "x",
        "null",
        "7",
        "[]",
        "{}",
        '{"id":"x"}',
        '{"response":7}',
        '{"response":{"userHandle":"eA"}}',
        '{"id":"eA","rawId":"eA","type":"public-key","response":{"userHandle":null}}',
    ],
)
def test_what_no_browser_sends_is_refused_and_is_no_fault(as_ada, ada, device, garbage):
    stranger = Client()
    stranger.get(f"{KEYS}login/", headers={"Accept": "application/json"})
    assert stranger.post(f"{KEYS}login/", {"credential": garbage}).url == "/accounts/login/"
    as_ada.get(f"{KEYS}add/")
    assert as_ada.post(f"{KEYS}add/", {"name": "x", "credential": garbage}).status_code == 422
    add_key(as_ada, device)
    step_up = f"{KEYS}reauthenticate/?next=/home/"
    as_ada.get(step_up)
    assert as_ada.post(step_up, {"credential": garbage}).status_code == 422


def test_staff_get_in_with_a_passkey(client, device):
    boss = make_person(role=Role.ADMIN)
    log_in(client, boss)
    client.post("/accounts/reauthenticate/?next=/home/", {"password": PASSWORD})
    add_key(client, device)
    assert client.get("/staff/").status_code == 200

    browser = Client()
    step = log_in(browser, boss).url
    got = json.dumps(device.get(options(browser.get(step))))
    browser.post(step, {"credential": got})
    assert browser.get("/staff/").status_code == 200
    [row] = rows("webauthn")
    assert client.post(f"{KEYS}keys/{row.pk}/remove/").url == HOME
    assert browser.get("/staff/").status_code == 302


def test_a_passkey_is_a_fresh_proof(as_ada, ada, device, time_machine):
    time_machine.move_to(timezone.now(), tick=False)
    add_key(as_ada, device)
    time_machine.shift(301)
    door = as_ada.get(f"{HOME}recovery-codes/generate/").url
    assert door.startswith(f"{KEYS}reauthenticate/?next=")
    got = json.dumps(device.get(options(as_ada.get(door))))
    answer = as_ada.post(door, {"credential": got, "next": f"{HOME}recovery-codes/generate/"})
    assert as_ada.get(answer.url).status_code == 200


def test_nobody_touches_the_passkey_of_another(as_ada, ada, device):
    add_key(as_ada, device)
    [row] = rows("webauthn")
    eve, browser = make_person(), Client()
    log_in(browser, eve)
    browser.post("/accounts/reauthenticate/?next=/home/", {"password": PASSWORD})
    add_key(browser, Device(origin="http://localhost"))
    for page in ("edit", "remove"):
        assert browser.get(f"{KEYS}keys/{row.pk}/{page}/").status_code == 404
        assert browser.post(f"{KEYS}keys/{row.pk}/{page}/", {"name": "x"}).status_code == 404
    assert [known.data["name"] for known in rows("webauthn")] == ["My phone", "My phone"]


def test_removing_the_last_factor_needs_a_proof_and_takes_everything_with_it(as_ada, ada, time_machine):
    time_machine.move_to(timezone.now(), tick=False)
    secret = as_ada.get(APP).context["form"].secret
    as_ada.post(APP, {"code": totp.code_at(secret, timezone.now())})
    time_machine.shift(301)
    assert as_ada.post(f"{HOME}totp/deactivate/").url.startswith(f"{HOME}reauthenticate/")
    assert rows("totp")
    door = f"{HOME}reauthenticate/?next={HOME}"
    session = as_ada.session
    del session["step_up.kept"]
    session.save()
    as_ada.post(door, {"code": totp.code_at(secret, timezone.now()), "next": HOME})
    assert "last second step" in text(as_ada.get(f"{HOME}totp/deactivate/"))
    assert as_ada.post(f"{HOME}totp/deactivate/").url == HOME
    assert not rows("totp") and not rows("recovery_codes")
    assert level_of(ada) == ["aal1"]
    assert mail.outbox[-1].subject == "Your authenticator app was turned off"
    with acting_as_service():
        assert AuditEvent.objects.filter(action="accounts.factor.removed", actor_id=ada.pk).count() == 1


def test_with_a_passkey_left_a_session_proven_by_it_stays_proven(as_ada, ada, device):
    add_key(as_ada, device)
    services.add_app(user=ada, name="App", secret=totp.new_secret())
    as_ada.post(f"{HOME}totp/deactivate/")
    assert level_of(ada) == ["aal2"]
    assert rows("recovery_codes")


def test_recovery_codes_are_shown_once_and_taken_away_right_then(as_ada, ada, time_machine):
    time_machine.move_to(timezone.now(), tick=False)
    secret = as_ada.get(APP).context["form"].secret
    as_ada.post(APP, {"code": totp.code_at(secret, timezone.now())})
    page = as_ada.get(CODES)
    codes = page.context["codes"]
    assert len(codes) == 10 and all(code in text(page) for code in codes)
    assert not any(code in text(as_ada.get(CODES)) for code in codes)

    file = as_ada.post(f"{CODES}download/")
    assert file["Content-Type"].startswith("text/plain") and "attachment" in file["Content-Disposition"]
    assert all(code in text(file) for code in codes)
    assert as_ada.get(f"{CODES}download/").status_code == 405
    time_machine.shift(299)
    assert as_ada.post(f"{CODES}download/").status_code == 200
    time_machine.shift(302)
    assert as_ada.post(f"{CODES}download/").url.startswith(f"{HOME}reauthenticate/")

    browser = Client()
    log_in(browser, ada)
    assert browser.post(f"{HOME}authenticate/", {"code": codes[0]}).status_code == 302
    assert browser.get("/home/").status_code == 200
    assert browser.get(CODES).context["left"] == 9
    assert browser.post(f"{CODES}download/").status_code == 404
    thief = Client()
    log_in(thief, ada)
    thief.post(f"{HOME}authenticate/", {"code": codes[0]})
    assert "_auth_user_id" not in thief.session


def test_new_recovery_codes_end_the_old_ones(as_ada, ada, device):
    add_key(as_ada, device)
    old = as_ada.get(CODES).context["codes"]
    assert as_ada.post(f"{CODES}generate/").url == CODES
    new = as_ada.get(CODES).context["codes"]
    assert not set(old) & set(new)
    assert services.answer(user=ada, code=old[0], at=timezone.now()) is None
    assert services.answer(user=ada, code=new[0], at=timezone.now()) is not None
    assert mail.outbox[-1].subject == "New recovery codes were made"


def test_who_has_no_factor_has_no_recovery_codes(as_ada):
    assert as_ada.get(CODES).url == HOME
    assert as_ada.post(f"{CODES}generate/").url == HOME
    assert not rows("recovery_codes")
