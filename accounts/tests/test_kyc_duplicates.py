"""Who else might be the same person, found by index."""

import json
import random

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from accounts import audit
from accounts.models import Customer, IdentityNumber, KycApplication, Session
from accounts.services.kyc import duplicates
from accounts.tests.factories import make_person
from accounts.tests.kyc_cases import make_application, make_document
from conftest import superuser
from core.actors import acting_as_service

pytestmark = pytest.mark.usefixtures("transactional_db")
HASH = -8_446_744_073_709_551_615


def found(case: KycApplication) -> list[tuple[str, object]]:
    with acting_as_service():
        seen = duplicates.duplicates_of(application=case, at=timezone.now())
    return [(str(each.what), each.customer_id) for each in seen]


def flipped(value: int, *bits: int) -> int:
    """A hash that differs in these bits, signed as the database keeps it."""
    changed = value & (2**64 - 1)
    for bit in bits:
        changed ^= 1 << bit
    return changed - 2**64 if changed >= 2**63 else changed


def number(customer_id: object, index: str, *, released: bool = False) -> None:
    at = timezone.now()
    with acting_as_service():
        IdentityNumber.objects.create(
            customer_id=customer_id,
            kind="NIN",
            sealed="x",
            blind_index=index,
            last_four="1234",
            released_at=at if released else None,
        )


def test_a_case_like_no_other_has_none():
    case = make_application()
    make_document(case, picture_hash=HASH)
    make_document(make_application(), picture_hash=flipped(HASH, *range(0, 60, 2)))
    number(case.customer_id, "a")
    assert found(case) == []


def test_the_same_number_is_found_also_where_it_was_taken_off_and_where_it_was_only_tried():
    case, other, holder = make_application(), make_application(), make_person()
    number(case.customer_id, "same")
    number(other.customer_id, "same", released=True)
    with acting_as_service():
        told = {"number": "BVN", "claimant": str(case.customer_id), "holder": str(holder.pk)}
        audit.record(action=duplicates.COLLISION, target=case, **told)
    assert found(case) == [("Identity number", other.customer_id), ("Number of another, tried", holder.pk)]


def test_a_number_that_somebody_had_before_is_found():
    case, other = make_application(), make_application()
    with acting_as_service():
        Customer.objects.filter(pk=other.customer_id).update(phone="+2348031234567")
        Customer.objects.filter(pk=other.customer_id).update(phone="+2348039999999")
        Customer.objects.filter(pk=case.customer_id).update(phone="+2348031234567")
    assert found(case) == [("Phone number", other.customer_id)]


def test_the_same_file_and_pictures_that_look_alike_are_found_up_to_six_bits_and_no_further():
    case = make_application()
    make_document(case, picture_hash=HASH, sha256="f" * 64)
    make_document(case, kind="SELFIE", picture_hash=None)
    same, near, far = make_application(), make_application(), make_application()
    make_document(same, picture_hash=HASH, sha256="f" * 64)
    # Six bits over all four parts of the hash: the hardest there is.
    make_document(near, picture_hash=flipped(HASH, 0, 1, 17, 18, 40, 63))
    make_document(far, picture_hash=flipped(HASH, 0, 1, 17, 18, 40, 50, 63))
    assert found(case) == [
        ("The same file", same.customer_id),
        ("A picture that looks alike", near.customer_id),
    ]


def test_any_six_bits_share_a_part_or_its_neighbour():
    chance = random.Random(6)
    for _ in range(2_000):
        bits = chance.sample(range(64), chance.randint(0, 6))
        other = flipped(HASH, *bits)
        exact = {(other >> 16 * place & 65535) + (place << 16) for place in range(4)}
        assert exact & set(duplicates.near_parts(HASH))


def test_the_same_browser_from_the_same_address_is_found_and_either_alone_is_not():
    case, other, neighbour, twin = [make_application() for _ in range(4)]
    at = timezone.now()
    known = {"face": "PAGES", "created_at": at, "last_seen_at": at}
    with acting_as_service():
        for each, ip, agent in (
            (case, "197.210.1.1", "Tecno"),
            (other, "197.210.1.1", "Tecno"),
            (neighbour, "197.210.1.1", "Nokia"),
            (twin, "197.210.1.2", "Tecno"),
        ):
            Session.objects.create(user_id=each.customer_id, last_ip=ip, user_agent=agent, **known)
    assert found(case) == [("Device and address", other.customer_id)]


MANY = """
insert into accounts_kycdocument (id, application_id, kind, side, state, object_name, content_type, size, sha256,
    picture_hash, quality, reason_code, fix, uploaded_at)
select uuidv7(), %s, 'PASSPORT', 'FRONT', 'REPLACED', 'x/' || n, 'image/jpeg', 1, lpad(n::text, 64, '0'),
    ('x' || substr(md5(n::text), 1, 16))::bit(64)::bigint, '{}', '', '', now()
from generate_series(1, 100000) n
"""


def test_a_hundred_thousand_pictures_are_not_read_to_find_one():
    case, other = make_application(), make_application()
    make_document(case, picture_hash=HASH)
    with superuser(settings.DATABASES["default"]["NAME"]) as database:
        database.execute("set session_replication_role = replica")
        database.execute(MANY, [other.pk])
        database.execute("vacuum analyze accounts_kycdocument")
    statement, given = duplicates.like_query(picture_hash=HASH, customer_id=case.customer_id)
    with acting_as_service(), connection.cursor() as cursor:
        cursor.execute("explain (analyze, format json) " + statement, given)
        [plan] = cursor.fetchone()[0]
    assert "kyc_document_parts" in json.dumps(plan)
    # 68 values of 65,536 each: a hundred or so of these have one of them.
    assert read_of(plan["Plan"]) < 1_000


def read_of(node: dict) -> int:
    """How many documents were looked at, as the plan says."""
    own = 0
    if node.get("Relation Name") == "accounts_kycdocument":
        dropped = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
        own = node["Actual Rows"] + dropped
    return int(own) + sum(read_of(child) for child in node.get("Plans", []))
