"""How alike two names are: what agrees, what a person must look at, and what holds for any two names."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.kyc import names
from accounts.kyc.names import MATCH, PARTIAL, score

SAME = [
    ("Ọláìyá Ṣẹ́gun", "OLAIYA SEGUN"),
    ("Ṅnámdị Ụ́kọ̀", "Nnamdi Uko"),
    ("Ɓala Ɗanjuma Ƙassim", "bala danjuma kassim"),
    ("Adé", "Ade\u0301".replace("e\u0301", "é")),
    ("Mr. Musa BELLO", "bello, musa"),
    ("Alhaji (Dr.) Musa Bello", "Musa Bello"),
    ("Chief Mrs Ada Obi", "Ada Obi"),
    ("Ade-Ojo Bola", "Bola Ade Ojo"),
    ("Abdul-Rahman Sani", "Abdulrahman Sani"),
    ("N'Golo Kanté", "Ngolo Kante"),
    ("  Ada\t\nObi ", "Ada Obi"),
    ("Ａｄａ Obi", "Ada Obi"),
]
AGREE = [
    ("Ada Grace Obi", "Ada Obi"),
    ("A. Obi", "Ada Obi"),
    ("Chukwuemeka Okafor", "Chukwuemaka Okafor"),
    ("Oluwaseun Adeyemi", "Oluwasun Adeyemi"),
]
IN_PART = [
    ("Ada Grace Obi", "Ada Ngozi Obi"),
    ("Ada Grace Obi", "Ada Grace Eze"),
    ("Ada Grace Ngozi Obi", "Ada Obi"),
    ("Ada G. Obi", "A. Obi"),
]
DIFFER = [
    ("Ada Obi", "Ada Eze"),
    ("Ada Obi", "Musa Bello"),
    ("Ada", "Ada Obi"),
    ("Ada Obi", ""),
    ("", ""),
    ("...", "Ada"),
    ("李小龙", "Ada Obi"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_the_same_name_however_it_is_written(one, other):
    assert score(one, other) == 1.0


@pytest.mark.parametrize(("one", "other"), AGREE)
def test_a_slip_an_initial_or_a_middle_name_left_out_agrees(one, other):
    assert MATCH <= score(one, other) < 1


@pytest.mark.parametrize(("one", "other"), IN_PART)
def test_what_agrees_in_part_is_for_a_person_to_look_at(one, other):
    assert PARTIAL <= score(one, other) < MATCH


@pytest.mark.parametrize(("one", "other"), DIFFER)
def test_other_names_do_not_agree(one, other):
    assert score(one, other) < PARTIAL


def test_a_title_that_is_all_there_is_stays_a_name():
    assert names.words("Chief") == ("chief",)
    assert names.words("Prince Chief") == ("chief", "prince")


# The vectors of Winkler's paper of 1990.
@pytest.mark.parametrize(
    ("one", "other", "wanted"),
    [("martha", "marhta", 0.9611), ("dwayne", "duane", 0.84), ("dixon", "dicksonx", 0.8133)],
)
def test_words_are_compared_as_published(one, other, wanted):
    assert names.jaro_winkler(one, other) == pytest.approx(wanted, abs=0.0001)


anything = st.text(max_size=80)
letters = st.sampled_from("abcdeéọṣɓ'-. ")
name_like = st.text(alphabet=letters, min_size=1, max_size=40)


@given(anything, anything)
def test_a_score_lies_between_0_and_1_and_does_not_ask_who_comes_first(one, other):
    found = score(one, other)
    assert 0 <= found <= 1
    assert found == score(other, one)


@given(name_like, name_like)
def test_names_that_are_close_to_each_other_are_no_exception(one, other):
    assert score(one, other) == score(other, one)


@given(anything)
def test_every_name_is_itself(name):
    assert score(name, name) == (1.0 if names.words(name) else 0.0)


@given(st.lists(name_like, min_size=1, max_size=5), st.randoms(use_true_random=False), name_like)
def test_the_order_of_words_says_nothing(parts, random, other):
    shuffled = list(parts)
    random.shuffle(shuffled)
    assert score(" ".join(parts), other) == score(" ".join(shuffled), other)


@given(name_like)
def test_composed_or_taken_apart_a_name_is_the_same(name):
    assert names.words(unicodedata.normalize("NFC", name)) == names.words(unicodedata.normalize("NFD", name))


@pytest.mark.parametrize(
    "hostile",
    [
        "a " * 200_000,
        "a" * 500_000,
        "\u0301" * 100_000,
        "ﷺ" * 100_000,
        "\0\ud800\ufffe\u202e'",
        "=HYPERLINK('x')",
        "a\u0301\u0323" * 90,
    ],
    ids=["many words", "a long word", "marks", "that grow", "unprintable", "formula", "stacked"],
)
def test_a_hostile_name_is_cut_and_compared(hostile):
    found = names.words(hostile)
    assert len(found) <= names.MOST_WORDS
    assert sum(map(len, found)) <= names.LONGEST
    assert 0 <= score(hostile, "Ada Obi") <= 1
