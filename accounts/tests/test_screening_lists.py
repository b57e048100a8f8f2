"""A sanctions list is loaded whole or not at all, whatever its file holds; who is on it is found by an index."""

import io
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from accounts.kyc import names
from accounts.kyc import screening as rule
from accounts.models import AuditEvent, SanctionsEntry, SanctionsList
from accounts.services.kyc import screening
from accounts.services.kyc.sanctions_loading import BadFile, load
from accounts.tests.sanctions import csv, listed, load_bytes, load_rows
from accounts.tests.test_ways_in import at_once
from core.actors import acting_as_service

pytestmark = pytest.mark.django_db(transaction=True)


def refused(raw: bytes) -> list[str]:
    with pytest.raises(BadFile) as refusal:
        load_bytes(raw)
    return refusal.value.data["lines"]


def test_a_list_is_loaded_with_all_it_says():
    load_rows('1,"Obi, Ada",Ada the Great; Adá  Obi ;,1990-04-12,ng,Terror', "2,Musa Bello,,1970,,")
    with acting_as_service():
        first, second = SanctionsEntry.objects.order_by("external_id")
        facts = (first.name, first.aliases, first.born, first.country, first.programme)
        assert facts == ("Obi, Ada", ["Ada the Great", "Adá Obi"], "1990-04-12", "NG", "Terror")
        assert first.searched == "ada obi | ada great | ada the | great the"
        assert (second.born, second.aliases) == ("1970", [])
        assert AuditEvent.objects.get(action="kyc.sanctions.loaded").data["rows"] == 2


def test_a_load_takes_the_place_of_the_one_before_and_tells_what_is_new():
    early = timezone.now() - timedelta(days=9)
    load_rows("1,Ada Obi,,,,", "2,Musa Bello,,,,", at=early)
    load_rows("9,Another List,,,,", name="EU")
    again = load_rows("1,Ada Obi,,,,", "2,Musa Bello,,1970,,", "3,Chidi Eze,,,,")
    assert (again.rows, again.new_rows) == (3, 2)
    assert listed() == ["Ada Obi", "Musa Bello", "Chidi Eze", "Another List"]
    with acting_as_service():
        assert SanctionsEntry.objects.get(external_id="1").since == early
        assert SanctionsList.objects.filter(name="UN").count() == 2
        assert SanctionsList.objects.get(name="UN", active=True) == again


def test_the_same_file_again_changes_nothing():
    first = load_rows("1,Ada Obi,,,,")
    assert load_rows("1,Ada Obi,,,,") == first


def test_a_byte_order_mark_quotes_newlines_and_other_orders_of_columns_are_read():
    load_bytes(b'\xef\xbb\xbfName,ID\r\n"Ada ""the"" Obi",1\r\n\r\n"Musa\nBello",2\n')
    assert listed() == ['Ada "the" Obi', "Musa Bello"]


def test_hostile_cells_are_text_like_any_other():
    hostile = ["=HYPERLINK(1)", "'); drop table accounts_user; --", "<script>x</script>", "\\N\\.", "{a}%s"]
    load_rows(*[f'{number},"{cell}",,,,"{cell}"' for number, cell in enumerate(hostile)])
    assert listed() == hostile


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "line 1: the file is empty"),
        (csv(), "the list holds nobody"),
        (csv("1,Ada", head="id,name,phone"), "line 1: nobody knows the column 'phone'"),
        (csv("1", head="id"), "line 1: there is no column 'name'"),
        (csv("1,a,b", head="id,name,Name"), "line 1: there are two columns 'name'"),
        (csv("1,Ada Obi,,,", "2,B C,,,,"), "line 2: it has 5 columns, not 6"),
        (csv("1,Ada Obi,,,,", ",Ada,,,,"), "line 3: id is missing"),
        (csv("1,,,,,"), "line 2: name is missing"),
        (csv("1,...,,,,"), "line 2: name has no letters"),
        (csv("1,Ada Obi,,12.4.1990,,"), "line 2: born is YYYY-MM-DD or YYYY"),
        (csv("1,Ada Obi,,1990-02-30,,"), "line 2: born is YYYY-MM-DD or YYYY"),
        (csv("1,Ada Obi,,,Nigeria,"), "line 2: country has two letters"),
        (csv(f"1,{'x' * 301},,,,"), "line 2: name is longer than 300 letters"),
        (csv(f"1,Ada Obi,{';'.join(map(str, range(101)))},,,"), "line 2: there are more than 100 aliases"),
        (csv("1,Ada\0Obi,,,,"), "line 2: name holds what cannot be printed"),
        (csv("1,Ada Obi,,,,") + b"2,\xff\xfe,,,,\n", "line 3: it is not UTF-8"),
        (csv('1,"Ada Obi,,,,'), "line 2: it is no CSV: unexpected end of data"),
        (csv("1,Ada Obi,,,,", "1,Musa Bello,,,,"), "lines 2, 3: the id '1' stands there more than once"),
        (csv("x" * 1_100_000), "line 2: it is too long"),
    ],
)
def test_a_file_with_a_wrong_line_is_refused_whole_and_the_line_named(raw, said):
    load_rows("7,Musa Bello,,,,")
    assert said in refused(raw)
    assert listed() == ["Musa Bello"]


def test_wrong_lines_are_named_to_twenty():
    assert len(refused(csv(*["1,,,,,"] * 100))) == 20


def test_the_command_says_what_it_did_and_refuses_by_line(tmp_path, capsys):
    file = tmp_path / "list.csv"
    file.write_bytes(csv("1,Ada Obi,,,,"))
    call_command("load_sanctions", str(file), "--list", "UN", "--source", "https://un.example/list.csv")
    call_command("load_sanctions", str(file), "--list", "UN")
    said = capsys.readouterr().out
    assert "UN: 1 entries, 1 of them new." in said and "the same file" in said
    file.write_bytes(csv("1,,,,,"))
    with pytest.raises(CommandError, match="line 2: name is missing"):
        call_command("load_sanctions", str(file), "--list", "UN")
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("load_sanctions", str(tmp_path / "none.csv"), "--list", "UN")
    with pytest.raises(CommandError, match="1 to 60 letters"):
        call_command("load_sanctions", str(file), "--list", " ")


def test_two_loads_of_one_list_at_once_leave_one_of_them():
    files = [csv(f"1,Ada Obi {letter},,,,") for letter in "ABCD"]
    assert at_once(*[lambda raw=raw: load_bytes(raw) and None for raw in files]) == [""] * 4
    assert len(listed()) == 1
    with acting_as_service():
        assert SanctionsList.objects.filter(active=True).count() == 1


def test_screening_goes_on_while_a_list_is_loaded():
    load_rows("1,Ada Obi,,,,")
    seen = []

    class Slow(io.BytesIO):
        def readline(self, size: int | None = -1, /) -> bytes:
            seen.extend(at_once(lambda: found("Ada Obi")))
            return super().readline(size)

    load(file=Slow(csv("2,Musa Bello,,,,")), name="UN", source="", at=timezone.now())
    assert set(seen) == {"['1']"}
    assert found("Ada Obi") == "[]"


def found(name: str) -> str:
    with acting_as_service():
        return str([hit.external_id for hit in screening.search(name=name, born=None)])


def test_a_hundred_thousand_entries_are_searched_by_their_index():
    parts = ["ada", "musa", "bello", "chidi", "grace", "sani", "ngozi", "tunde", "amina", "ibrahim"]
    with acting_as_service(), connection.cursor() as cursor:
        load_id = SanctionsList.objects.create(
            name="Large", sha256="x", rows=100_000, new_rows=0, loaded_at=timezone.now()
        ).pk
        cursor.execute(
            "insert into accounts_sanctionsentry (load_id, external_id, name, aliases, searched, born, country,"
            " programme, content, since)"
            " select %s, n, n, '[]', left(md5(n::text), 7) || ' ' || left(md5((n + 7)::text), 8) || ' '"
            " || (%s::text[])[1 + n %% 10], '', '', '', n, now() from generate_series(1, 100000) n",
            [load_id, parts],
        )
        cursor.execute("select set_config('pg_trgm.word_similarity_threshold', %s, true)", [screening.CLOSE])
        asked = rule.questions(names.words("Ada Grace Obi"))
        cursor.execute("explain " + screening.CANDIDATES, [asked, 500])
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "sanctions_entry_by_name" in plan
    assert "Seq Scan on accounts_sanctionsentry" not in plan
