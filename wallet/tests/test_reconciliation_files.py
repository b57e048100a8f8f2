"""Files of banks and gateways: what is believed of them, what is refused, and that nothing comes in twice."""

import hashlib
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError
from django.utils import timezone

from accounts.tests.factories import make_person
from core.actors import acting_as_service
from wallet.models import ColumnMapping, RowImport
from wallet.services import reconciliation
from wallet.services.reconciliation import file_imports, files
from wallet.services.reconciliation.importing import utc_days
from wallet.tests.reconciling import Clearing, row

pytestmark = pytest.mark.django_db

HEAD = "Id,Date,Reference,Narration,Amount,Balance"
COLUMNS = {"gateway_id": 0, "at": 1, "reference": 2, "description": 3, "change": 4, "balance": 5}


@pytest.fixture
def clearing(db) -> Clearing:
    return Clearing()


def mapping(**facts):
    defaults = {"columns": COLUMNS, "date_format": "ISO", "zone": "Africa/Lagos"}
    return ColumnMapping(**{**defaults, **facts})


def parsed(*lines, head=HEAD, **facts):
    sheet = files.sheet_of("\n".join([head, *lines]).encode())
    return files.parse(sheet=sheet, mapping=mapping(**facts), currency="NGN")


def only(*lines, **facts):
    found = parsed(*lines, **facts)
    assert found.faults == [] and len(found.rows) == len(lines)
    return found.rows[0]


class TestReading:
    def test_a_line_is_a_row(self):
        found = only('L1,2026-11-29T12:00:00Z,alj-1,"Card, VISA","1,234.50",9000.00')
        assert (found.gateway_id, found.reference, found.change, found.balance) == (
            "L1",
            "alj-1",
            123_450,
            900_000,
        )
        assert (found.description, found.at) == ("Card, VISA", datetime(2026, 11, 29, 12, tzinfo=UTC))

    @pytest.mark.parametrize(
        ("text", "kobo"),
        [
            ("1,234.50", 123_450),
            ("-0.05", -5),
            ("\N{MINUS SIGN}12", -1_200),
            ("(1,000.00)", -100_000),
            ("₦1 000", 100_000),
            ("NGN -5.10", -510),
            ("7.100", 710),
            ("999999999999999", 99_999_999_999_999_900),
        ],
    )
    def test_amounts_are_read_as_people_write_them(self, text, kobo):
        assert only(f'L1,2026-11-29,x,y,"{text}",').change == kobo

    @pytest.mark.parametrize(
        "text",
        [
            *("", "0", "0.00", "x", "1.234", "1,23.00", "--1", "(-1)", "1e3", "NaN", "∞", "٣", "1.2.3"),
            *("12,34", "=1+1", "9" * 16, "(1", "1-1"),
        ],
    )
    def test_what_is_no_amount_is_a_fault_of_its_line(self, text):
        found = parsed(f'L1,2026-11-29,x,y,"{text}",')
        assert (found.rows, found.fault_count, found.faults[0].line) == ([], 1, 2)

    def test_kobo_and_commas_for_those_who_write_so(self):
        assert only("L1,2026-11-29,x,y,1234,", in_kobo=True).change == 1_234
        assert only('L1,2026-11-29,x,y,"1.234,50",', decimal_comma=True).change == 123_450
        assert parsed("L1,2026-11-29,x,y,12.34,", in_kobo=True).fault_count == 1

    def test_money_in_and_out_in_columns_of_their_own_less_the_fee(self):
        columns = {"at": 1, "credit": 2, "debit": 3, "fee": 4}
        found = parsed("a,2026-11-29,100.00,,1.50", "b,2026-11-29,,40.00,", head="a,b,c,d,e", columns=columns)
        assert [each.change for each in found.rows] == [9_850, -4_000]
        assert parsed("a,2026-11-29,1,1,", head="a,b,c,d,e", columns=columns).fault_count == 1

    @pytest.mark.parametrize(
        ("text", "written", "zone", "expected"),
        [
            ("2026-11-29 00:30:00", "ISO", "Africa/Lagos", datetime(2026, 11, 28, 23, 30, tzinfo=UTC)),
            ("2026-11-29 00:30:00", "ISO", "UTC", datetime(2026, 11, 29, 0, 30, tzinfo=UTC)),
            ("2026-11-29T00:30:00+01:00", "ISO", "UTC", datetime(2026, 11, 28, 23, 30, tzinfo=UTC)),
            ("29/11/2026", "%d/%m/%Y", "Africa/Lagos", datetime(2026, 11, 28, 23, tzinfo=UTC)),
            (
                "11/29/2026 2:05:00 PM",
                "%m/%d/%Y %I:%M:%S %p",
                "UTC",
                datetime(2026, 11, 29, 14, 5, tzinfo=UTC),
            ),
        ],
    )
    def test_times_are_of_the_zone_that_the_company_writes_in(self, text, written, zone, expected):
        assert only(f"L1,{text},x,y,1,", date_format=written, zone=zone).at == expected

    @pytest.mark.parametrize(
        "text", ["", "yesterday", "31/02/2026", "0001-01-01", "9999-12-31", "2026-11-29T25:00"]
    )
    def test_what_is_no_date_is_a_fault(self, text):
        assert parsed(f"L1,{text},x,y,1,").fault_count == 1


class TestHostile:
    @pytest.mark.parametrize("cell", ["=cmd|' /C calc'!A0", "@SUM(A1)", "＝1+1", '=HYPERLINK("http://x")'])
    def test_a_formula_is_no_reference(self, cell):
        quoted = cell.replace('"', '""')
        found = parsed(f'L1,2026-11-29,"{quoted}",y,1,')
        assert found.fault_count == 1 and "formula" in found.faults[0].text

    def test_how_spreadsheets_keep_numbers_as_text_is_read_as_that(self):
        assert only('L1,2026-11-29,"=""0012345""",y,1,').reference == "0012345"

    def test_what_hides_in_a_cell_is_taken_out(self):
        assert only('L1,2026-11-29,x,"a\x07b\x1b[31m c",1,').description == "a b [31m c"

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"just a head\n",
            b"PK\x03\x04\x14\x00\x00\x00",
            "Id,Naïve\n1,é\n".encode("latin-1"),
            b"a,b\n1,2\0\n",
            b'a,b\n"never closed,2\n',
            ",".join("x" * 70).encode() + b"\n" + b"1\n",
            b"a\n" * 200_003,
            b"a" * (files.LARGEST + 1),
        ],
        ids=["empty", "head", "zip", "latin", "nul", "quote", "wide", "long", "large"],
    )
    def test_what_cannot_be_read_is_refused_whole(self, content):
        with pytest.raises(files.FileRefused):
            files.sheet_of(content)

    def test_marks_and_other_encodings_of_unicode_are_read(self):
        text = "Id;Betrag\r\n1;₦5\r\n"
        for encoding in ("utf-8", "utf-8-sig", "utf-16"):
            assert files.sheet_of(text.encode(encoding)).lines == [(2, ["1", "₦5"])]

    def test_a_cell_of_any_length_is_a_fault_and_not_a_column(self):
        assert parsed(f"L1,2026-11-29,{'x' * 2000},y,1,").fault_count == 1

    def test_lines_that_end_early_have_no_amount(self):
        assert parsed("L1,2026-11-29").fault_count == 1


class TestTakingIn:
    def draft(self, clearing, content, by=None):
        content = content if isinstance(content, bytes) else content.encode()
        return reconciliation.keep_file(
            account_id=clearing.account.pk,
            name="day.csv",
            content=content,
            by=by or make_person(),
            at=timezone.now(),
        )

    def take_in(self, clearing, content, columns=COLUMNS, name="bank"):
        by, draft = make_person(), self.draft(clearing, content)
        reconciliation.make_mapping(
            import_id=draft.pk,
            name=f"{name} {draft.pk}",
            by=by,
            at=timezone.now(),
            columns=columns,
            date_format="ISO",
            zone="UTC",
            in_kobo=False,
            decimal_comma=False,
        )
        return reconciliation.confirm_file(import_id=draft.pk, by=by, at=timezone.now())

    def content(self, *rows):
        return "\n".join([HEAD, *rows]) + "\n"

    def test_a_file_comes_in_whole_and_its_content_goes(self, clearing):
        done = self.take_in(clearing, self.content("L1,2026-11-29,a,,1.00,", "L2,2026-11-30,b,,2.00,"))
        assert (done.state, done.new_rows, done.content) == ("DONE", 2, None)
        assert (str(done.since), str(done.until)) == ("2026-11-29", "2026-12-01")

    def test_nothing_comes_in_while_a_line_cannot_be_read(self, clearing):
        with pytest.raises(file_imports.LinesAtFault):
            self.take_in(clearing, self.content("L1,2026-11-29,a,,1.00,", "L2,never,b,,2.00,"))
        assert clearing.rows() == []

    def test_the_same_file_twice_is_refused_by_its_hash(self, clearing):
        content = self.content("L1,2026-11-29,a,,1.00,")
        waiting = self.draft(clearing, content)
        done = self.take_in(clearing, content)
        with pytest.raises(file_imports.SameFile) as refused:
            self.draft(clearing, content)
        assert refused.value.data == {"import": str(done.pk)}
        reconciliation.choose_mapping(import_id=waiting.pk, mapping_id=done.mapping_id)
        with pytest.raises(file_imports.SameFile):
            reconciliation.confirm_file(import_id=waiting.pk, by=make_person(), at=timezone.now())
        with pytest.raises(IntegrityError), acting_as_service():
            RowImport.objects.filter(pk=waiting.pk).update(state="DONE")
        assert done.sha256 == hashlib.sha256(content.encode()).hexdigest()

    def test_the_same_rows_in_another_file_come_in_once(self, clearing):
        self.take_in(clearing, self.content("L1,2026-11-29,a,,1.00,", "L2,2026-11-29,b,,2.00,"))
        again = self.take_in(clearing, self.content("L2,2026-11-29,b,,2.00,", "L3,2026-11-29,c,,3.00,"))
        assert (again.new_rows, again.known_rows, len(clearing.rows())) == (1, 1, 3)

    def test_without_ids_equal_rows_are_as_many_as_there_are(self, clearing):
        columns = {name: at for name, at in COLUMNS.items() if name != "gateway_id"}
        twice = ("x,2026-11-29,a,,1.00,", "y,2026-11-29,a,,1.00,")
        self.take_in(clearing, self.content(*twice), columns)
        again = self.take_in(clearing, self.content(*twice, "z,2026-11-29,a,,1.00,"), columns)
        assert (again.new_rows, again.known_rows, len(clearing.rows())) == (1, 2, 3)

    @pytest.mark.parametrize("first", ["API", "FILE"])
    def test_a_row_in_the_file_and_from_the_gateway_is_one(self, clearing, first):
        columns = {name: at for name, at in COLUMNS.items() if name != "gateway_id"}
        content = self.content("x,2026-11-29,alj-12,,50.00,", "y,2026-11-29,alj-13,,7.00,")
        told = [row(5_000, "alj-12", gateway_id="led-1"), row(700, "alj-13", gateway_id="led-2")]
        if first == "API":
            clearing.told(*told)
            done = self.take_in(clearing, content, columns)
        else:
            self.take_in(clearing, content, columns)
            done = clearing.told(*told)
        assert (done.new_rows, done.known_rows) == (0, 2)
        assert sorted(each.gateway_id for each in clearing.rows()) == ["led-1", "led-2"]

    def test_a_row_that_says_something_else_now_is_kept_as_it_was_and_told(self, clearing):
        clearing.told(row(5_000, "a", gateway_id="led-1"))
        done = clearing.told(row(4_000, "a", gateway_id="led-1"))
        assert done.differing == [{"gateway_id": "led-1", "was": 5_000, "is": 4_000}]
        assert [each.change for each in clearing.rows()] == [5_000]

    def test_drafts_do_not_pile_up(self, clearing):
        for number in range(file_imports.MOST_DRAFTS):
            self.draft(clearing, self.content(f"L{number},2026-11-29,a,,1.00,"))
        with pytest.raises(file_imports.TooManyDrafts):
            self.draft(clearing, self.content("L,2026-11-29,a,,1.00,"))
        with acting_as_service():
            RowImport.objects.update(made_at=timezone.now() - timedelta(days=3))
        self.draft(clearing, self.content("L,2026-11-29,a,,1.00,"))
        with acting_as_service():
            assert RowImport.objects.filter(content__isnull=False).count() == 1


def test_a_day_of_lagos_is_asked_for_by_the_days_of_utc_that_hold_it():
    assert utc_days(date(2026, 11, 29), date(2026, 11, 30)) == (date(2026, 11, 28), date(2026, 11, 30))


def test_a_row_counts_on_its_day_in_lagos(clearing):
    late = datetime(2026, 11, 29, 23, 30, tzinfo=UTC)
    clearing.told(row(1, "a", at=late), row(2, "b", at=late - timedelta(hours=1)))
    assert [str(each.day) for each in clearing.rows()] == ["2026-11-30", "2026-11-29"]
