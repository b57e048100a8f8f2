"""Deciding by forms: reason and text, then what the customer will read, then done; stale ones say what changed."""

import re

import pytest
from django.utils import timezone

from accounts.kyc import reasons
from accounts.models import KycApplication, KycDecision, KycDocument
from accounts.services.kyc import queue
from accounts.tests.kyc_cases import (
    SECOND,
    at_desk,
    case_page,
    claimed,
    edited,
    make_application,
    make_check,
    make_document,
    now,
    recommended,
)
from core.actors import acting_as_service

pytestmark = pytest.mark.usefixtures("transactional_db")
SAW = "Passport and selfie agree"
FIELD = re.compile(r'name="([^"]+)" value="([^"]*)"')


def carried(page: str) -> dict[str, str]:
    """The hidden fields of a preview."""
    form = (
        page[page.index("data-submit-once") :] if "case-letter" not in page else page[page.index("</dl>") :]
    )
    return {name: value for name, value in FIELD.findall(form) if name not in ("csrfmiddlewaretoken", "step")}


def begin(case: KycApplication, **given: object) -> dict[str, object]:
    return {"revision": case.revision, "seen": "", "reason": "ALL_IN_ORDER", "text": SAW, **given}


def decisions_of(case: KycApplication) -> list[KycDecision]:
    with acting_as_service():
        return list(case.decisions.order_by("id"))


def test_the_customer_reads_what_was_previewed():
    agent, client = at_desk()
    case = claimed(make_application(), agent)
    address = case_page(case, "decide", "approve")
    assert "Reason" in client.get(address).content.decode()
    preview = client.post(address, begin(case)).content.decode()
    assert "The customer will read" in preview and "tier 2 now" in preview
    assert decisions_of(case) == []
    hidden = carried(preview)
    answer = client.post(address, {**hidden, "step": "confirm"}, follow=True)
    page = answer.content.decode()
    assert "Approved. The customer has been told." in page
    assert re.search(r"<title>\s*Approved\. The customer has been told\.", page)
    [decision] = decisions_of(case)
    assert decision.message == hidden["message"] and decision.text == SAW
    assert now(case).state == "APPROVED"


def test_words_of_ones_own_are_previewed_and_can_be_changed_before_they_are_sent():
    agent, client = at_desk()
    case = claimed(make_application(), agent)
    address = case_page(case, "decide", "reject")
    given = begin(case, reason="UNDER_AGE", message="Come back <soon> & well")
    preview = client.post(address, given).content.decode()
    assert "Come back &lt;soon&gt; &amp; well" in preview and "<soon>" not in preview
    again = client.post(address, {**given, "step": "change"}).content.decode()
    assert "Come back &lt;soon&gt;" in again and SAW in again and "UNDER_AGE" in again
    assert decisions_of(case) == []


@pytest.mark.parametrize("broken", [{"reason": ""}, {"reason": "BECAUSE"}, {"text": "ok"}, {"text": ""}])
def test_a_form_without_reason_or_text_comes_back(broken):
    agent, client = at_desk()
    case = claimed(make_application(), agent)
    for step in ("review", "confirm"):
        answer = client.post(case_page(case, "decide", "approve"), begin(case, **broken, step=step))
        assert answer.status_code == 422
    assert decisions_of(case) == []


def test_only_what_has_a_reason_is_asked_for_with_its_fix():
    agent, client = at_desk()
    case = make_application()
    passport, selfie = make_document(case), make_document(case, kind="SELFIE", side="WHOLE")
    claimed(case, agent)
    address = case_page(case, "decide", "ask-more")
    page = client.get(address).content.decode()
    assert f"why_{passport.pk}" in page and "why_ADDRESS" in page
    given = begin(case)
    given.pop("reason")
    assert client.post(address, given).status_code == 422
    given |= {
        f"why_{passport.pk}": "GLARE",
        "why_ADDRESS": "INCOMPLETE",
        f"fix_{passport.pk}": "By a window.",
    }
    preview = client.post(address, given).content.decode()
    assert "By a window." in preview and "Where you live: Something is missing here." in preview
    assert (
        "Photograph of yourself" not in preview[preview.index("case-letter") : preview.index("</blockquote>")]
    )
    client.post(address, {**given, "message": "Please look at these two.", "step": "confirm"})
    asked = now(case)
    assert asked.state == "MORE_NEEDED"
    assert [item.get("step") or item["document"] for item in asked.asked_again] == [
        str(passport.pk),
        "ADDRESS",
    ]
    with acting_as_service():
        assert KycDocument.objects.get(pk=passport.pk).fix == "By a window."
        assert KycDocument.objects.get(pk=selfie.pk).state == "PENDING"


def seen_and_revision(client, case: KycApplication, deed: str) -> str:
    """The address that the case page gives for a decision."""
    page = client.get(case_page(case)).content.decode()
    found = re.search(rf'href="({re.escape(case_page(case, "decide", deed))}[^"]*)"', page)
    assert found
    return found[1].replace("&amp;", "&")


def test_a_case_that_changed_since_it_was_seen_says_what_and_decides_nothing():
    agent, client = at_desk()
    case = claimed(make_application(), agent)
    old = make_document(case)
    address = seen_and_revision(client, case, "approve")
    form = client.get(address).content.decode()
    seen = dict(FIELD.findall(form))["seen"]
    with acting_as_service():
        KycDocument.objects.filter(pk=old.pk).update(state="REPLACED")
    make_document(case, kind="DRIVERS_LICENCE")
    edited(case)
    for answer in (
        client.get(address),
        client.post(address, begin(case, seen=seen)),
        client.post(address, begin(case, seen=seen, message="x", step="confirm")),
    ):
        page = answer.content.decode()
        assert answer.status_code == 409
        assert "has changed since you looked" in page
        changed = page[page.index("Changed:") :]
        assert "Address" in changed and "International passport" in changed and "licence" in changed
        assert "First name" not in changed and "1 Other Road" not in page
    assert decisions_of(case) == []
    fresh = seen_and_revision(client, case, "approve")
    assert client.get(fresh).status_code == 200


def test_what_an_agent_saw_cannot_be_made_up():
    agent, client = at_desk()
    case = claimed(make_application(), agent)
    edited(case)
    answer = client.post(case_page(case, "decide", "approve"), begin(case, seen="forged"))
    assert answer.status_code == 409 and "Changed:" not in answer.content.decode()


def test_without_a_claim_the_way_leads_back_to_the_case():
    agent, client = at_desk()
    case = make_application()
    answer = client.get(case_page(case, "decide", "approve"), follow=True)
    assert "Claim it first" in answer.content.decode()
    claimed(case, agent, timezone.now() - 2 * queue.LEASE)
    answer = client.post(case_page(case, "decide", "approve"), begin(case, step="confirm", message="x"))
    assert answer.status_code == 302 and decisions_of(case) == []


def test_a_refusal_of_the_service_stands_on_the_form():
    agent, client = at_desk()
    case = claimed(make_application(), agent)
    make_check(case, "BVN", "MISMATCH")
    answer = client.post(case_page(case, "decide", "approve"), begin(case, step="confirm", message="x"))
    assert answer.status_code == 422 and "A check speaks against it" in answer.content.decode()
    page = client.get(case_page(case)).content.decode()
    assert "Recommend approval" in page and ">Approve<" not in page


def test_two_people_by_their_pages():
    first, client = at_desk()
    case = claimed(make_application(tier=3), first)
    address = case_page(case, "decide", "recommend")
    preview = client.post(address, begin(case)).content.decode()
    assert "told nothing yet" in preview and "message" not in carried(preview)
    client.post(address, begin(case, step="confirm"))
    assert now(case).recommended_by_id == first.pk
    second, others = at_desk(SECOND, name="Second Person")
    assert others.post(case_page(case, "claim"), follow=True).status_code == 200
    others.post(case_page(case, "decide", "approve"), begin(case, step="confirm", message="Tier 3 it is."))
    assert (now(case).state, now(case).decided_by_id) == ("APPROVED", second.pk)


def test_the_second_person_sends_back():
    first, _client = at_desk()
    case = recommended(make_application(tier=3), first)
    second, client = at_desk(SECOND)
    claimed(case, second)
    client.post(case_page(case, "decide", "send-back"), begin(case, reason="LOOK_AGAIN", step="confirm"))
    assert now(case).recommended_by_id is None and now(case).state == "SUBMITTED"


def test_every_reason_has_words_for_colleagues_and_those_told_have_words_for_the_customer():
    told = (*reasons.OF_OUTCOME["REJECT"], *reasons.OF_A_STEP)
    for kind in KycDocument.Kind.values:
        told += reasons.of_document(kind)
    for reason in told:
        assert str(reason.label) and str(reason.words).endswith(".") and str(reason.fix).endswith(".")
        assert len(reason.code) <= 40 and len(str(reason.fix)) <= 300
    # Nobody learns from us that they stand on a list.
    for code in ("ON_A_LIST", "FORGED"):
        words = str(reasons.reason_of(reasons.OF_OUTCOME["REJECT"], code).words).lower()
        assert not {"list", "sanction", "forged", "fraud"} & set(re.findall(r"\w+", words))
