import csv
from io import StringIO

import pytest

from core.spreadsheets import as_csv, inert


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", '=HYPERLINK("http://x")', "＝1"],
)
def test_a_formula_stays_text(text):
    assert inert(text) == f"'{text}"


@pytest.mark.parametrize(
    ("value", "text"), [(None, ""), (12, "12"), ("Ọlá", "Ọlá"), ("a=b", "a=b"), ("", "")]
)
def test_other_values_stay_as_they_are(value, text):
    assert inert(value) == text


def test_what_is_written_is_read_again_with_every_cell_in_its_place():
    text = as_csv(["name", "note"], [["=1+1", 'a "b", c\nd']])
    assert list(csv.reader(StringIO(text.removeprefix("\ufeff")))) == [
        ["name", "note"],
        ["'=1+1", 'a "b", c\nd'],
    ]
