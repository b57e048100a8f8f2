"""Taking the second factors off somebody who lost them takes two members of staff."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.core import mail
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import factors
from accounts.models import FactorReset, User
from accounts.services import factor_resets
from accounts.tests.factories import make_person, sign_in
from accounts.tests.staff import ALL, WHY, address, at_work, make_agent
from core.actors import acting_as_service

pytestmark = pytest.mark.usefixtures("transactional_db")


@pytest.fixture
def ada() -> User:
    return make_person(name="Ada Obi", email="ada@alajo.test")


def has_factor(user: User) -> bool:
    with acting_as_service():
        return user.authenticator_set.exists()


def test_one_asks_and_another_resets_the_factors(client, ada):
    factors.enrol_totp(user=ada)
    sign_in(client, ada)
    first, second = at_work(make_agent(*ALL)), at_work(make_agent(*ALL))
    assert first.post(address(ada, "reset-factors"), {"reason": WHY}).status_code == 302
    assert has_factor(ada)
    letter = mail.outbox[-1]
    assert (letter.to, letter.subject) == ([ada.email], "Somebody asked us to take off your second step")
    assert "If it was not you" in letter.body and WHY not in letter.body
    assert "Our staff were asked to take off" in client.get("/security/history/").content.decode()
    assert "Our staff were asked to take off" in client.get("/notices/").content.decode()
    with acting_as_service():
        reset = FactorReset.objects.get()
    page = f"/staff/accounts/user/factor-resets/{reset.pk}/"
    assert page in second.get(f"/staff/accounts/user/{ada.pk}/change/").content.decode()

    assert first.post(page, {"decision": "approve"}).status_code == 422
    assert has_factor(ada)
    assert second.post(page, {"decision": "perhaps"}).status_code == 404
    assert second.post(page, {"decision": "approve"}).status_code == 302
    assert not has_factor(ada)
    assert client.get("/home/").url.startswith("/accounts/login/")
    assert mail.outbox[-1].subject == "Your second step was taken off"
    assert second.post(page, {"decision": "approve"}).status_code == 422


def ask(user: User, by: User) -> FactorReset:
    factors.enrol_totp(user=user)
    return factor_resets.ask(user=user, by=by, reason=WHY, at=timezone.now())


def test_a_declined_or_expired_reset_resets_nothing(ada):
    asker, decider, at = make_agent(*ALL), make_agent(*ALL), timezone.now()
    declined = ask(ada, asker)
    factor_resets.decide(reset_id=declined.pk, by=decider, approve=False, at=at)
    late = ask(ada, asker)
    for reset, when in ((declined, at), (late, at + timedelta(hours=24, minutes=1))):
        with pytest.raises(factor_resets.ResetNotFound):
            factor_resets.decide(reset_id=reset.pk, by=decider, approve=True, at=when)
    assert has_factor(ada)
    with pytest.raises(factor_resets.ResetAsked):
        factor_resets.ask(user=ada, by=decider, reason=WHY, at=at)
    factor_resets.ask(user=ada, by=decider, reason=WHY, at=at + timedelta(hours=25))


def test_nothing_is_asked_for_who_has_no_factor(ada):
    with pytest.raises(factor_resets.NothingToReset):
        factor_resets.ask(user=ada, by=make_agent(*ALL), reason=WHY, at=timezone.now())


def test_the_database_too_wants_two_people_neither_of_them_the_target(ada):
    asker, at = make_agent(*ALL), timezone.now()
    reset = ask(ada, asker)
    done = {"state": "DONE", "decided_at": at}
    for wrong in (
        {**done, "decided_by": asker},
        {**done, "decided_by": ada},
        {"asked_by": ada},
        {"state": "DONE"},
    ):
        with acting_as_service(), pytest.raises(IntegrityError), transaction.atomic():
            FactorReset.objects.filter(pk=reset.pk).update(**wrong)


def rights(agent: User, *more: str) -> User:
    with acting_as_service():
        agent.user_permissions.add(*Permission.objects.filter(codename__in=more))
    return agent


LIST = "/staff/accounts/factorreset/"


def test_who_may_decide_sees_the_open_ones_on_the_first_page_and_in_a_list(ada):
    bola, asker = make_person(email="bola@alajo.test"), make_agent(*ALL)
    reset, late = ask(ada, asker), ask(bola, asker)
    with acting_as_service():
        FactorReset.objects.filter(pk=late.pk).update(expires_at=timezone.now())
    second = at_work(rights(make_agent(*ALL), "view_factorreset"))
    group = next(each for each in second.get("/staff/").context["groups"] if each.model is FactorReset)
    (figure,) = group.figures
    assert (figure.value, figure.alarm) == (1, True)
    rows = second.get(figure.address).context["cl"].result_list
    assert [row.pk for row in rows] == [reset.pk]
    expired = second.get(LIST, {"now": "expired"}).context["cl"].result_list
    assert [row.pk for row in expired] == [late.pk]
    for now in ("done", "declined", "nonsense"):
        assert second.get(LIST, {"now": now}).context["cl"].result_list == []
    text = second.get(LIST).content.decode()
    assert WHY in text and f"/staff/accounts/user/factor-resets/{reset.pk}/" in text
    assert f"/staff/accounts/user/factor-resets/{late.pk}/" not in text and "Expired" in text
    assert "ada@alajo.test" not in text
    page = second.get(f"{LIST}{reset.pk}/change/").content.decode()
    assert "Approve or decline" in page
    assert "Approve or decline" not in second.get(f"{LIST}{late.pk}/change/").content.decode()


def test_who_may_not_decide_sees_none_of_it(ada):
    reset = ask(ada, make_agent(*ALL))
    other = at_work(make_agent("freeze_customer", "end_sessions"))
    assert FactorReset not in [group.model for group in other.get("/staff/").context["groups"]]
    assert other.get(LIST).status_code == 403
    page = f"/staff/accounts/user/factor-resets/{reset.pk}/"
    assert other.get(page).status_code == other.post(page, {"decision": "approve"}).status_code == 403
    viewer = at_work(rights(make_agent(), "view_factorreset"))
    assert "Approve or decline" not in viewer.get(f"{LIST}{reset.pk}/change/").content.decode()
    assert viewer.post(page, {"decision": "approve"}).status_code == 403


@pytest.mark.parametrize("decision", ["approve", "decline"])
def test_neither_the_asker_nor_the_target_decides_by_a_post_of_their_own_making(decision):
    asker, target = make_agent(*ALL), make_agent(*ALL)
    reset = ask(target, asker)
    page = f"/staff/accounts/user/factor-resets/{reset.pk}/"
    for client in (at_work(asker), at_work(target)):
        assert "decision" not in client.get(page).content.decode()
        assert client.post(page, {"decision": decision}).status_code == 422
    with acting_as_service():
        assert FactorReset.objects.get().state == "ASKED"
    assert has_factor(target)


def test_one_that_ran_out_offers_nothing_and_takes_nothing(ada):
    reset, second = ask(ada, make_agent(*ALL)), at_work(make_agent(*ALL))
    with acting_as_service():
        FactorReset.objects.filter(pk=reset.pk).update(expires_at=timezone.now())
    page = f"/staff/accounts/user/factor-resets/{reset.pk}/"
    shown = second.get(page).content.decode()
    assert "Expired" in shown and 'name="decision"' not in shown
    assert second.post(page, {"decision": "approve"}).status_code == 422
    assert has_factor(ada)


def test_deciding_takes_a_fresh_proof(ada):
    reset = ask(ada, make_agent(*ALL))
    stale = at_work(make_agent(*ALL), proven=False)
    answer = stale.post(f"/staff/accounts/user/factor-resets/{reset.pk}/", {"decision": "approve"})
    assert (answer.status_code, "reauthenticate" in answer.url) == (302, True)
    assert has_factor(ada)
