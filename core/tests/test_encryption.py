import base64
from collections.abc import Iterator

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings

from core import encryption
from core.encryption import DecryptionFailed, blind_index, open_sealed, rotate, seal

OLD = "2025:" + base64.b64encode(b"o" * 32).decode()
NEW = "2026:" + base64.urlsafe_b64encode(b"\xff" * 32).decode()
PLACE = "accounts_customer.bvn.42"


@pytest.fixture(autouse=True)
def ring() -> Iterator[None]:
    with override_settings(ENCRYPTION_KEYS=[NEW, OLD], BLIND_INDEX_KEY="a secret for indexes"):
        yield


@pytest.mark.parametrize("secret", ["22212345678", "", "₦ and ẹ\N{COMBINING ACUTE ACCENT}", "x" * 100_000])
def test_a_sealed_secret_opens_at_its_place(secret: str) -> None:
    token = seal(secret, aad=PLACE)
    assert open_sealed(token, aad=PLACE) == secret
    assert not secret or secret not in token


def test_the_newest_key_seals() -> None:
    assert seal("secret", aad=PLACE).split(":")[:2] == ["v1", "2026"]


@pytest.mark.parametrize("place", ["accounts_customer.bvn.43", "accounts_customer.nin.42", "x.bvn.42"])
def test_a_ciphertext_moved_elsewhere_does_not_open(place: str) -> None:
    token = seal("22212345678", aad=PLACE)
    with pytest.raises(DecryptionFailed):
        open_sealed(token, aad=place)
    with pytest.raises(DecryptionFailed):
        rotate(token, aad=place)


def test_no_letter_of_a_token_can_be_changed() -> None:
    token = seal("secret", aad=PLACE)
    for at, letter in enumerate(token):
        for other in "AQgw5:_":
            if other != letter:
                with pytest.raises(DecryptionFailed):
                    open_sealed(token[:at] + other + token[at + 1 :], aad=PLACE)


def test_no_letter_can_be_added_or_dropped() -> None:
    token = seal("secret", aad=PLACE)
    for damaged in (
        "",
        ":::",
        token[:-1],
        token + "A",
        token + "=",
        token + "\n",
        " " + token,
        token + ":A",
        "é" + token,
    ):
        with pytest.raises(DecryptionFailed):
            open_sealed(damaged, aad=PLACE)


def test_a_failure_tells_nothing_of_the_token() -> None:
    token = seal("secret", aad=PLACE)
    with pytest.raises(DecryptionFailed) as failure:
        open_sealed(token, aad="elsewhere")
    assert token.split(":")[3] not in str(failure.value) and failure.value.__cause__ is None


def test_a_key_that_left_the_ring_opens_nothing() -> None:
    with override_settings(ENCRYPTION_KEYS=[OLD]):
        token = seal("secret", aad=PLACE)
    assert open_sealed(token, aad=PLACE) == "secret"
    with override_settings(ENCRYPTION_KEYS=[NEW]), pytest.raises(DecryptionFailed):
        open_sealed(token, aad=PLACE)


def test_rotation_moves_a_secret_to_the_newest_key_and_rests() -> None:
    with override_settings(ENCRYPTION_KEYS=[OLD]):
        old = seal("secret", aad=PLACE)
    new = rotate(old, aad=PLACE)
    assert new.split(":")[1] == "2026"
    with override_settings(ENCRYPTION_KEYS=[NEW]):
        assert open_sealed(new, aad=PLACE) == "secret"
    assert rotate(new, aad=PLACE) == new


def test_one_key_under_another_name_does_not_open_by_accident() -> None:
    token = seal("secret", aad=PLACE).replace("v1:2026:", "v1:2025:")
    with pytest.raises(DecryptionFailed):
        open_sealed(token, aad=PLACE)


def test_no_nonce_is_used_twice() -> None:
    nonces = {seal("same", aad=PLACE).split(":")[2] for _ in range(20_000)}
    assert len(nonces) == 20_000


def test_a_seal_without_a_place_is_refused() -> None:
    with pytest.raises(ValueError):
        seal("secret", aad="")


@pytest.mark.parametrize(
    "keys", [[], ["x"], ["a:short"], [":" + "A" * 43 + "="], [OLD, OLD], ["a b:" + "A" * 43 + "="]]
)
def test_a_bad_ring_is_refused_before_anything_is_sealed(keys: list[str]) -> None:
    with override_settings(ENCRYPTION_KEYS=keys), pytest.raises(ImproperlyConfigured):
        seal("secret", aad=PLACE)


def test_a_blind_index_finds_equal_values_of_one_purpose_only() -> None:
    index = blind_index("22212345678", purpose="bvn")
    assert index == blind_index("22212345678", purpose="bvn") and len(index) == 64
    others = {blind_index("22212345679", purpose="bvn"), blind_index("22212345678", purpose="nin")}
    with override_settings(BLIND_INDEX_KEY="another"):
        others.add(blind_index("22212345678", purpose="bvn"))
    assert len(others) == 3 and index not in others


def test_a_blind_index_needs_its_key() -> None:
    with override_settings(BLIND_INDEX_KEY=""), pytest.raises(ImproperlyConfigured):
        blind_index("x", purpose="bvn")


def test_keys_stay_out_of_the_ring_parsers_words() -> None:
    with pytest.raises(ImproperlyConfigured) as failure:
        encryption._parse_ring(("secret-key-material",))
    assert "secret-key-material" not in str(failure.value)
