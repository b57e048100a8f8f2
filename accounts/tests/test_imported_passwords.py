"""bcrypt hashes of an import: they let their owner in, on both faces, and are argon2 from then on."""

import json

import pytest
from django.contrib.auth.hashers import check_password
from django.test import Client

from accounts import access_tokens
from accounts.models import User
from accounts.services.administration import Unfit, stored_hash
from accounts.tests.factories import make_person
from accounts.tests.test_wire_sign_in import call
from core.actors import acting_as_service

pytestmark = pytest.mark.usefixtures("transactional_db")
HASHERS = ["accounts.hashers.Argon2Hasher", "accounts.hashers.ImportedBcryptHasher"]
# Published vectors of OpenBSD's and Openwall's bcrypt.
VECTORS = [
    ("U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
    ("U*U*", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK"),
    ("U*U*U", "$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a"),
    ("a", "$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe"),
    ("abc", "$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i"),
    ("abcdefghijklmnopqrstuvwxyz", "$2a$06$.rCVZVOThsIa97pEDOxvGuRRgzG64bvtJ0938xuqzv18d3ZpQhstC"),
    ("~!@#$%^&*()      ~!@#$%^&*()PNBFRD", "$2a$06$fPIsBO8qRqkjj273rfaOI.HtSV9jLDpTbZn782DC6/t7qT67P6FfO"),
]
WORDS, HASH = VECTORS[5]


@pytest.fixture(autouse=True)
def _hashers(settings):
    settings.PASSWORD_HASHERS = HASHERS


@pytest.fixture
def ada() -> User:
    user = make_person(email="ada@alajo.test")
    with acting_as_service():
        User.objects.filter(pk=user.pk).update(password=f"bcrypt${HASH}")
    return user


def stored(user: User) -> str:
    with acting_as_service():
        return User.objects.get(pk=user.pk).password


@pytest.mark.parametrize(("password", "made"), VECTORS)
def test_published_vectors_are_verified(password, made):
    assert check_password(password, f"bcrypt${made}")
    assert not check_password(password + "x", f"bcrypt${made}")


@pytest.mark.parametrize("password", ["x" * 73, "é" * 37, "x" * 100_000, WORDS + "\0"])
def test_what_bcrypt_cannot_read_is_a_wrong_password(password):
    assert not check_password(password, f"bcrypt${HASH}")


DAMAGED = [
    "bcrypt$",
    "bcrypt$$2a$",
    "bcrypt$nonsense",
    f"bcrypt${HASH[:-9]}",
    f"bcrypt${HASH}x",
    f"bcrypt$é{HASH[1:]}",
    f"bcrypt${HASH.replace('$2a', '$2x')}",
    *(
        f"bcrypt${HASH.replace('$06$', cost)}"
        for cost in ("$00$", "$03$", "$15$", "$31$", "$32$", "$-1$", "$6$")
    ),
    "argon2$",
    "argon2$nonsense",
    "argon2$argon2id$v=19$m=1,t=1,p=1$x$y",
    "argon2$argon2q$v=19$m=102400,t=2,p=8$c29tZXNhbHQ$OdadfZ9dB9p+aCI",
    "argon2$argon2id$é",
    "x$y$z",
    "",
]


@pytest.mark.parametrize("damaged", DAMAGED)
def test_a_damaged_hash_lets_nobody_in_and_is_no_fault(client, ada, damaged):
    with acting_as_service():
        User.objects.filter(pk=ada.pk).update(password=damaged)
    assert not check_password(WORDS, damaged)
    answer = client.post("/accounts/login/", {"login": "ada@alajo.test", "password": WORDS})
    assert answer.status_code == 422
    body = {"email": "ada@alajo.test", "password": WORDS}
    assert call(client, "POST", "token?grant_type=password", body).status_code == 400


def test_the_first_sign_in_of_an_app_changes_it_for_argon2(client, ada):
    body = {"email": "ada@alajo.test", "password": "wrong-password"}
    assert call(client, "POST", "token?grant_type=password", body).status_code == 400
    assert stored(ada).startswith("bcrypt$")
    body["password"] = "x" * 73
    assert call(client, "POST", "token?grant_type=password", body).status_code == 400
    body["password"] = WORDS
    for _again in range(2):
        assert call(client, "POST", "token?grant_type=password", body).status_code == 200
        assert stored(ada).startswith("argon2$")


def test_the_first_sign_in_by_the_pages_changes_it_for_argon2(client, ada):
    answer = client.post("/accounts/login/", {"login": "ada@alajo.test", "password": "x" * 80})
    assert answer.status_code in (200, 422)
    assert stored(ada).startswith("bcrypt$")
    answer = client.post("/accounts/login/", {"login": "ada@alajo.test", "password": WORDS})
    assert answer.status_code == 302
    assert stored(ada).startswith("argon2$")
    assert (
        Client().post("/accounts/login/", {"login": "ada@alajo.test", "password": WORDS}).status_code == 302
    )


@pytest.mark.parametrize("prefix", ["$2a$", "$2b$", "$2y$"])
def test_the_admin_api_takes_hashes_and_they_let_in(client, prefix):
    key = access_tokens.static_key("service_role")
    body = {"email": "new@alajo.test", "email_confirm": True, "password_hash": prefix + HASH[4:]}
    answer = client.post(
        "/auth/v1/admin/users",
        json.dumps(body),
        "application/json",
        headers={"apikey": key, "Authorization": f"Bearer {key}"},
    )
    assert answer.status_code == 200, answer.content
    body = {"email": "new@alajo.test", "password": WORDS}
    assert call(client, "POST", "token?grant_type=password", body).status_code == 200


def test_an_argon2_hash_of_another_system_is_taken():
    # By the command line tool of the reference implementation: `echo -n password | argon2 somesalt -id`.
    found = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
    assert check_password("password", stored_hash(found))
    assert not check_password("passwore", stored_hash(found))


@pytest.mark.parametrize("text", ["", "password", "pbkdf2_sha256$1$a$b", "$2a$10$short", "!", f"{HASH}\n"])
def test_what_is_no_such_hash_is_not_stored(text):
    with pytest.raises(Unfit):
        stored_hash(text)
