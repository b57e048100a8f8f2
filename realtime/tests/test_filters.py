"""Filters of changes say what PostgreSQL says of the same rows."""

import json
import time
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from django.conf import settings
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st

from core.embedded import Postgres
from realtime import filters, patterns

ID = "01890000-0000-7000-8000-00000000000a"
COLUMNS = {
    "amount": "int8",
    "small": "int2",
    "rate": "numeric",
    "share": "float4",
    "weight": "float8",
    "state": "varchar",
    "note": "text",
    "currency": "bpchar",
    "owner": "uuid",
    "paid": "bool",
    "day": "date",
    "hour": "time",
    "at": "timestamptz",
    "local": "timestamp",
    "data": "jsonb",
}
ROW: dict[str, Any] = {
    "amount": 5000,
    "small": -3,
    "rate": Decimal("0.30"),
    "share": Decimal("0.1"),
    "weight": Decimal("0.1"),
    "state": "PAID",
    "note": "Rice, 50% off\nfor Ada",
    "currency": "NG ",
    "owner": ID,
    "paid": True,
    "day": "2026-11-30",
    "hour": "13:00:00",
    "at": "2026-11-30T12:00:00+00:00",
    "local": "2026-11-30T12:00:00",
    "data": {"a": 1},
}


def says(text: str, row: dict[str, Any] = ROW) -> bool:
    return filters.read(text, columns=COLUMNS).matches(row)


@pytest.mark.parametrize(
    "text",
    [
        "amount=eq.5000",
        "amount=eq. +5000 ",
        "amount=neq.1",
        "amount=gte.5000,amount=lt.5001",
        "small=lt.-2",
        "rate=eq.0.3",
        "rate=eq.3e-1",
        "rate=lt.NaN",
        "rate=lt.Infinity",
        "share=eq.0.1",
        "weight=eq.0.1",
        "state=in.(SENT,PAID)",
        'state=in.("a, b",PAID)',
        'note=eq."Rice, 50% off\nfor Ada"',
        "note=like.%50\\% off_for%",
        'note=ilike."rice, %ADA"',
        "note=match.^Ri[a-c]e",
        "note=imatch.ada$",
        'note=match."^.{4}, [[:digit:]]+%"',
        "currency=eq.NG",
        f"owner=eq.{ID.upper()}",
        f"owner=eq.{{{ID.replace('-', '')}}}",
        "paid=is.true",
        "paid=eq.t",
        "paid=not.is.false",
        "paid=not.is.null",
        "day=eq.2026-11-30",
        "day=gt.2026-11-29",
        "hour=eq.13:00",
        "at=eq.2026-11-30T13:00:00+01:00",
        "at=eq.2026-11-30 12:00:00",
        "at=eq.2026-11-30 13:00:00.000 +01",
        "at=lt.infinity",
        "local=gt.2026-11-30",
        "data=is.not_null",
        "state=isdistinct.SENT",
        "state=not.isdistinct.PAID",
        "amount=not.in.()",
        '"amount"=eq."5000"',
        'state=not.eq."PA\\"ID"',
    ],
)
def test_what_a_row_is(text):
    assert says(text)
    denied = text.replace("=not.", "=", 1) if "=not." in text else text.replace("=", "=not.", 1)
    if "," not in text.split("(")[0].split('"')[0]:
        assert not says(denied)


NULLS = dict.fromkeys(COLUMNS)


@pytest.mark.parametrize(
    "condition",
    [
        "amount={}eq.1",
        "amount={}neq.1",
        "amount={}lt.1",
        "amount={}in.(1,2)",
        "note={}like.%",
        "note={}ilike.%",
        "note={}match.x",
        "note={}imatch.x",
    ],
)
def test_of_null_nothing_is_known_whether_denied_or_not(condition):
    assert not says(condition.format(""), NULLS) and not says(condition.format("not."), NULLS)


def test_null_itself_can_be_asked_for():
    for text in ("amount=is.null", "paid=is.unknown", "paid=not.is.true", "amount=isdistinct.1"):
        assert says(text, NULLS), text
    assert not says("amount=not.isdistinct.1", NULLS)


def test_of_a_value_that_was_not_sent_along_nothing_is_known():
    for text in ("note=is.null", "note=not.is.null", "note=isdistinct.x", "note=not.isdistinct.x"):
        assert not says(text, {"amount": 1}), text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "'='"),
        ("amount", "'='"),
        ("amount=5", "operator '5'"),
        ("amount=eq", "operator 'eq'"),
        ("amount=EQ.5", "operator 'EQ'"),
        ("amount=not.not.eq.5", "operator 'not'"),
        ("amount=or.(a.eq.1)", "operator 'or'"),
        ("secret=eq.5", "no column 'secret'"),
        ("amount=eq.five", "'five' is no value"),
        ("amount=eq.", "'' is no value"),
        ("amount=eq.1.5", "'1.5' is no value"),
        ("amount=eq.9223372036854775808", "is no value"),
        ("amount=eq.٣", "is no value"),
        ("small=eq.32768", "is no value"),
        ("rate=eq.1e99999", "is no value"),
        ("share=eq.1e39", "is no value"),
        ("owner=eq.me", "is no value"),
        ("paid=eq.o", "is no value"),
        ("paid=is.maybe", "'maybe'"),
        ("amount=is.true", "'true'"),
        ("at=eq.yesterday", "is no value"),
        ("at=eq.2026-13-01", "is no value"),
        ("hour=eq.25:00", "is no value"),
        ("data=eq.1", "cannot be compared by 'eq'"),
        ("amount=like.5%", "cannot be compared by 'like'"),
        ("owner=match.a", "cannot be compared by 'match'"),
        ("note=like.a\\", "escape"),
        ("amount=in.5", "'('"),
        ("amount=in.(1", "')'"),
        ("amount=in.(1,2)x", "','"),
        ("amount=in.(1,)", "'' is no value"),
        ('note=eq."open', "double quote open"),
        ('note=eq."a"b', "','"),
        ("note=eq.a, b", "double quotes"),
        ("amount=eq.1,", "'='"),
        ("note=match.(a", "open"),
        ("note=match.a)", "closes"),
        ("note=match.*a", "repeats nothing"),
        ("note=match.a**", "repeats nothing"),
        ("note=match.a++", "repeats nothing"),
        ("note=match.^*", "repeats nothing"),
        ("note=match.(?i)a", "character 1"),
        ("note=match.(?=a)", "character 1"),
        ("note=match.(?<x>a)", "character 1"),
        ("note=match.(a)\\1", "character 4"),
        ("note=match.\\ba", "character 1"),
        ("note=match.[a", "character 1"),
        ("note=match.[a&&b]", "character 1"),
        ("note=match.[z-a]", "no regular expression"),
        ("note=match.a{65}", "at most 64"),
        ("note=match.a{33}b{32}", "at most 64"),
        ('note=match."a{5,2}"', "counts up"),
        ("note=match.(a{9}){9}", "no count stands within another"),
        ("note=match.((a{9})+b){9}", "no count stands within another"),
        ("note=match." + "a" * 201, "200 characters"),
        ("note=like." + "a" * 201, "200 characters"),
        ("note=eq." + "a" * 2000, "2000 characters"),
        (",".join(["amount=eq.1"] * 21), "20 conditions"),
        (f"amount=in.({','.join('1' * 101)})", "100 values"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_reason(text, reason):
    with pytest.raises(filters.BadFilter) as refused:
        filters.read(text, columns=COLUMNS)
    assert reason in refused.value.message


def test_a_row_that_python_cannot_hold_harms_nothing():
    for value in ("20000-01-01T00:00:00+00:00", "0044-03-15T00:00:00+00:00 BC", 5, {}):
        assert not says("at=gt.2020-01-01", {"at": value})
        assert not says("at=not.gt.2020-01-01", {"at": value})
    assert says("at=gt.2020-01-01", {"at": "infinity"}) and says("at=lt.2020-01-01", {"at": "-infinity"})


# Patterns that would keep a backtracking engine busy for longer than the universe.


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("(a+)+$", "a" * 1_999 + "b"),
        ("^(a|a)*$", "a" * 1_999 + "b"),
        ("(a*)*(a*)*(a*)*b", "a" * 2_000),
        ("a*a*a*a*a*a*a*a*b", "a" * 2_000),
        ("(.*a){20}$", "a" * 1_999 + "b"),
        ("(a?){20}(a?){20}a{20}$", "a" * 1_999 + "b"),
        ("(a|b)*a(a|b){20}c", "ab" * 1_000),
        ("(\\w?){64}!", "ä" * 2_000),
    ],
)
def test_no_pattern_of_a_stranger_keeps_the_process_busy(pattern, text):
    began = time.process_time()
    test = patterns.match(pattern)
    assert test(text) is False
    # Backtracking would take longer than anybody waits; the bound is far above what a busy machine needs.
    assert time.process_time() - began < 5


def test_like_is_as_quick():
    assert patterns.like("%a" * 100)("a" * 1_000_000 + "b") is False
    assert patterns.ilike("%_" * 99 + "b")("A" * 1_000_000 + "B") is True


def test_what_is_too_long_for_a_regular_expression_is_unknown():
    row = {"note": "a" * (patterns.LONGEST_TEXT + 1)}
    assert not says("note=match.a", row) and not says("note=not.match.a", row)


# The same asked of PostgreSQL

ALPHABET = 'abAB%_\\ ,.()"äÄßΣσς\n'
WORDS = st.text(ALPHABET, max_size=6)
SAFE = st.text("abAB äÄ\n", max_size=6)
MOMENTS = st.datetimes().map(lambda moment: moment.replace(microsecond=moment.microsecond // 10 * 10))
VALUES: dict[str, st.SearchStrategy[str]] = {
    "int8": st.integers(-3, 3).map(str),
    "numeric": st.one_of(
        st.decimals(-3, 3, places=2).map(str), st.sampled_from(["NaN", "Infinity", "-Infinity"])
    ),
    "float8": st.one_of(st.floats(width=64).map(repr), st.sampled_from(["0.1", "-0", "NaN"])),
    "float4": st.one_of(st.floats(width=32).map(repr), st.sampled_from(["0.1", "0.10000000149011612", "-0"])),
    "text": WORDS,
    "bpchar": st.text("ab ", max_size=3),
    "uuid": st.uuids().map(str),
    "bool": st.sampled_from(["true", "false"]),
    "date": st.one_of(st.dates().map(str), st.just("infinity")),
    "time": st.times().map(str),
    "timestamp": st.one_of(MOMENTS.map(str), st.just("-infinity")),
    "timestamptz": st.one_of(MOMENTS.map(lambda moment: f"{moment}+01:00"), st.just("infinity")),
}
CAST = {"bpchar": "char(3)"}
SQL = {"eq": "=", "neq": "<>", "lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
SIMPLE = st.recursive(
    st.sampled_from(
        ["a", "b", ".", "[ab]", "[^a]", "\\s", "\\w", "ä", "[[:upper:]]", "[^[:alnum:]b]", "\\.", "^", "$"]
    ),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda two: f"({two[0]}|{two[1]})"),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{1,2}", "{0,}", "*?"])).map(
            lambda two: f"(?:{two[0]}){two[1]}"
        ),
    ),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def postgres(django_db_setup: None) -> Any:
    with psycopg.connect(
        Postgres(settings.TEST_ROOT).dsn(role="alajo_owner", dbname="postgres"), autocommit=True
    ) as database:
        database.execute("set timezone = 'UTC'")
        yield database


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@st.composite
def comparisons(draw: st.DrawFn) -> tuple[str, str | None, str, list[str], bool]:
    """Type, value of the row, operator, values of the filter, whether it is denied."""
    name = draw(st.sampled_from(sorted(VALUES)))
    value = draw(st.one_of(st.none(), VALUES[name]))
    others = st.one_of(VALUES[name], st.just(value)) if value is not None else VALUES[name]
    operator = draw(st.sampled_from([*SQL, "in", "isdistinct"]))
    count = draw(st.integers(0, 3)) if operator == "in" else 1
    return name, value, operator, [draw(others) for _number in range(count)], draw(st.booleans())


def compare(postgres: Any, type_name: str, value: str | None, text: str, sql: str, wanted: Any) -> None:
    """Ask both, of the same row as JSON, and of nothing that PostgreSQL refuses."""
    cast = CAST.get(type_name, type_name)
    try:
        said, row = postgres.execute(
            f"select {sql}, json_build_object('x', value)::text from (select %(value)s::{cast} as value) as row",
            {"value": value, "wanted": wanted},
        ).fetchone()
    except psycopg.DataError:
        return
    columns = {"x": type_name}
    assert filters.read(text, columns=columns).matches(load(row)) is (said is True), (text, row)


def load(text: str) -> dict[str, Any]:
    return json.loads(text, parse_float=Decimal)


@given(case=comparisons())
@effort(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_comparisons_are_those_of_postgresql(postgres, case):
    name, value, operator, wanted, denied = case
    cast = CAST.get(name, name)
    collate = ' collate "C"' if name in ("text", "bpchar") else ""
    if operator == "in":
        sql, text = f"value = any (%(wanted)s::{cast}[])", f"({','.join(map(quoted, wanted))})"
    elif operator == "isdistinct":
        sql, text = f"value is distinct from %(wanted)s::{cast}", quoted(wanted[0])
    else:
        sql, text = f"value {SQL[operator]} %(wanted)s::{cast}{collate}", quoted(wanted[0])
    word = "not." if denied else ""
    given_to_sql = wanted if operator == "in" else wanted[0]
    compare(
        postgres, name, value, f"x={word}{operator}.{text}", f"not ({sql})" if denied else sql, given_to_sql
    )


@given(value=WORDS, pattern=WORDS, any_case=st.booleans(), denied=st.booleans())
@effort(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_like_is_that_of_postgresql(postgres, value, pattern, any_case, denied):
    word = "ilike" if any_case else "like"
    sql = f"value {'not ' if denied else ''}{word} %(wanted)s"
    text = f"x={'not.' if denied else ''}{word}.{quoted(pattern)}"
    if pattern.replace("\\\\", "").endswith("\\"):
        with pytest.raises(filters.BadFilter):
            filters.read(text, columns={"x": "text"})
        return
    compare(postgres, "text", value, text, sql, pattern)


@given(value=SAFE, pattern=SIMPLE, any_case=st.booleans())
@effort(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_regular_expressions_are_those_of_postgresql(postgres, value, pattern, any_case):
    text = f"x={'imatch' if any_case else 'match'}.{quoted(pattern)}"
    try:
        filters.read(text, columns={"x": "text"})
    except filters.BadFilter:  # a count within a count
        return
    compare(postgres, "text", value, text, f"value {'~*' if any_case else '~'} %(wanted)s", pattern)
