"""What the database itself keeps of referrals, whoever asks and however."""

import psycopg
import pytest
from django.db import Error, connection, transaction
from django.utils import timezone

from accounts.models import User
from accounts.services import referrals
from accounts.tests.factories import make_person
from accounts.tests.referring import invited_by, make_program, qualify, referral_of
from core.actors import acting_as, acting_as_service

pytestmark = pytest.mark.django_db


def refusal(statement: str, *params: object) -> type[BaseException] | None:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, params)
    except Error as error:
        return type(error.__cause__)
    return None


def count(statement: str, *params: object) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return cursor.fetchone()[0]


@pytest.fixture
def bola(ada: User) -> User:
    """Ada's friend, whose bonuses are due."""
    make_program()
    friend = invited_by(ada)
    qualify(friend)
    return friend


DENIED = psycopg.errors.InsufficientPrivilege


@pytest.mark.parametrize(
    "statement",
    [
        "select invited_id from accounts_referral",
        "select email_index from accounts_referral",
        "select reason from accounts_referral",
        "select reference from accounts_referral",
        "select budget from accounts_referralprogram",
        "select spent from accounts_referralprogram",
        "select waits_for from accounts_referralbonus",
        "select * from accounts_referralhistory",
        "select * from accounts_referraldue",
        "select * from accounts_devicemark",
        "update accounts_referral set state = 'PAID'",
        "update accounts_referral set referrer_id = invited_id",
        "insert into accounts_referral (id) values (uuidv7())",
        "update accounts_referralbonus set amount = 1000000",
        "update accounts_referralbonus set state = 'DUE'",
        "insert into accounts_referralbonus (id) values (uuidv7())",
        "update accounts_referralcode set code = 'AAAAAAAA'",
        "insert into accounts_referralcode (user_id, code) values (auth.uid(), 'AAAAAAAA')",
        "update accounts_referralprogram set cap_amount = null",
        "delete from accounts_referral",
        "select referrals.keep_history()",
    ],
)
def test_a_customer_reads_and_writes_nothing_beyond_their_own_by_sql(ada, bola, statement):
    with acting_as(ada):
        assert refusal(statement) is DENIED


def test_whoever_was_invited_does_not_see_by_whom_and_a_third_sees_nothing(ada, bola):
    with acting_as(bola):
        assert count("select count(id) from accounts_referral") == 0
        assert count("select count(id) from accounts_referralbonus") == 1
    with acting_as(make_person()):
        for table in ("accounts_referral", "accounts_referralbonus", "accounts_referralcode"):
            assert count(f"select count(*) from (select {KEYS[table]} from {table}) t") == 0


KEYS = {"accounts_referral": "id", "accounts_referralbonus": "id", "accounts_referralcode": "user_id"}


@pytest.mark.parametrize(
    "statement",
    [
        "update accounts_referral set state = 'JOINED', changed_at = now()",
        "update accounts_referral set referrer_id = (select id from accounts_user where id <> referrer_id limit 1)",
        "update accounts_referral set invited_id = null",
        "update accounts_referralbonus set amount = amount + 1",
        "update accounts_referralbonus set state = 'CLAWED_BACK', settled_at = now()",
        "update accounts_referralbonus set beneficiary_id = (select id from accounts_user limit 1 offset 1)",
        "update accounts_referralprogram set budget = budget + 1",
        "update accounts_referralprogram set level_bonuses = '{1}'",
        "update accounts_referralprogram set spent = budget + 1",
        "delete from accounts_referral",
        "delete from accounts_referralbonus",
        "delete from accounts_referralprogram",
        "update accounts_referralhistory set state = 'PAID'",
        "insert into accounts_referralhistory (referral_id, was, state, reason, at) "
        "select id, '', 'PAID', '', now() from accounts_referral",
    ],
)
def test_not_even_the_service_rewrites_what_was_settled(bola, statement):
    with acting_as_service():
        assert refusal(statement) is not None


def test_a_bonus_that_is_settled_keeps_its_posting(bola):
    with acting_as_service():
        assert refusal("update accounts_referralbonus set posting_id = uuidv7()") is None
        assert refusal("update accounts_referralbonus set state = 'PAID', settled_at = now()") is None
        assert refusal("update accounts_referralbonus set posting_id = uuidv7()") is not None


def test_raw_sql_leaves_a_line_in_the_history_too(bola):
    referral = referral_of(bola)
    with acting_as_service():
        assert (
            refusal(
                "update accounts_referral set state = 'REFUSED', reason = 'BY_STAFF', told = 'RULES', "
                "changed_at = now()"
            )
            is None
        )
        assert count("select count(*) from accounts_referralhistory where referral_id = %s", referral.pk) == 3


SECOND = """
insert into accounts_referralbonus (id, referral_id, beneficiary_id, level, amount, currency, posting_id, state, reason,
    waits_for)
select uuidv7(), referral_id, beneficiary_id, level, amount, currency, uuidv7(), state, reason, waits_for
from accounts_referralbonus
"""


def test_two_bonuses_of_one_level_are_refused(bola):
    with acting_as_service():
        assert refusal(SECOND) is psycopg.errors.UniqueViolation


def test_a_strangers_look_at_a_code_tells_a_name_alone(ada):
    make_program()
    code = referrals.code_of(user=ada, at=timezone.now()).code
    assert refusal("select code from accounts_referralcode") is DENIED
    assert referrals.inviter_of(text=code).display_name == ada.profile.display_name
