"""Buckets for staff: what they see of them, and the rules they put together."""

import pytest
from django.utils import timezone

from accounts.models import AuditEvent, Session, User
from accounts.services import sessions
from accounts.tests.factories import make_person
from core.actors import acting_as, acting_as_service
from core.history import changes_of
from storage_app.models import Bucket, BucketRule, BucketRuleHistory
from storage_app.services import access, buckets, objects, rules
from storage_app.tests.factories import make_bucket, put
from wallet.tests.demo_world import make_demo_world
from wallet.tests.test_admin import past_both_factors

pytestmark = pytest.mark.usefixtures("transactional_db", "files")
NOW = timezone.now()
REASON = "The shop's pictures are for all"


@pytest.fixture
def ada() -> User:
    return make_person(email="ada-files@alajo.test")


@pytest.fixture
def staff(db):
    make_demo_world()
    client = past_both_factors("admin@alajo.test")
    with acting_as_service():
        for session in Session.objects.live().filter(user__email="admin@alajo.test"):
            sessions.prove(session_id=session.pk, method="totp", at=timezone.now())
    return client


def test_staff_see_how_full_a_bucket_is_and_by_whom(staff, ada):
    make_bucket(quota_objects=3)
    put(f"{ada.id}/a.txt", b"x" * 2048, by=ada)
    put(f"{ada.id}/a.txt", b"x" * 1024, by=ada, upsert=True)
    listed = staff.get("/staff/storage_app/bucket/").content.decode()
    assert "docs" in listed and "3.0\xa0KB" in listed
    page = staff.get("/staff/storage_app/bucket/docs/change/").content.decode()
    assert "Who fills it most" in page and "3.0\xa0KB" in page and "3 files" in page
    assert "Each person in the folder named by their id" in page
    assert "a.txt" not in page


def test_staff_put_rules_together_and_the_trail_and_the_history_have_it(staff, ada):
    make_bucket()
    put(f"{ada.id}/a.txt", by=ada)
    page = staff.get("/staff/storage_app/bucket/docs/rules/").content.decode()
    assert page.count("checked") == 8
    wanted = ["EVERYONE READ", "SIGNED_IN READ", "OWN_FOLDER ADD"]
    answer = staff.post("/staff/storage_app/bucket/docs/rules/", {"rules": wanted, "reason": REASON})
    assert answer.status_code == 302
    with acting_as_service():
        bucket = Bucket.objects.get(pk="docs")
        assert {" ".join(rule) for rule in rules.rules_of(bucket=bucket)} == set(wanted)
        event = AuditEvent.objects.get(action="storage.bucket.rules_changed")
        assert event.data["reason"] == REASON and "OWN_FOLDER DELETE" in event.data["removed"]
        boss = User.objects.get(email="admin@alajo.test")
        assert event.actor_id == boss.pk
        kept = BucketRuleHistory.objects.filter(bucket_id="docs", pgh_label="delete")
        assert kept.count() == 7
    with acting_as(ada):
        assert objects.find(bucket_id="docs", name=f"{ada.id}/a.txt")
        assert objects.remove(bucket_id="docs", names=[f"{ada.id}/a.txt"], at=NOW) == []


def test_rules_are_changed_only_after_another_proof(db):
    make_demo_world()
    make_bucket()
    client = past_both_factors("admin@alajo.test")
    answer = client.post("/staff/storage_app/bucket/docs/rules/", {"reason": REASON})
    assert answer.status_code == 302 and "reauthenticate" in answer["Location"]
    with acting_as_service():
        assert BucketRule.objects.filter(bucket_id="docs").count() == 8


@pytest.mark.parametrize(
    "sent",
    [
        {"rules": ["EVERYONE DELETE"], "reason": REASON},
        {"rules": ["EVERYONE ADD"], "reason": REASON},
        {"rules": ["NOBODY READ"], "reason": REASON},
        {"rules": ["SIGNED_IN READ"], "reason": ""},
    ],
    ids=["strangers delete", "strangers add", "unknown", "no reason"],
)
def test_what_is_no_safe_block_or_has_no_reason_changes_nothing(staff, sent):
    make_bucket()
    assert staff.post("/staff/storage_app/bucket/docs/rules/", sent).status_code == 422
    with acting_as_service():
        assert BucketRule.objects.filter(bucket_id="docs").count() == 8
    assert staff.post("/staff/storage_app/bucket/none/rules/", {**sent}).status_code == 404


def test_a_bucket_that_is_not_there_gets_no_rules():
    with pytest.raises(access.BucketNotFound):
        rules.set_rules(bucket_id="none", rules=[], reason=REASON, at=NOW)


def test_what_a_bucket_was_is_kept():
    bucket = make_bucket()
    with acting_as_service():
        buckets.change(id="docs", at=NOW, file_size_limit=10)
        buckets.end_signed_addresses(id="docs")
        assert [(one.field, one.before, one.after) for one in changes_of(bucket)[:2]] == [
            ("epoch", 1, 2),
            ("file_size_limit", None, 10),
        ]
