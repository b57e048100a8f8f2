"""Reading files of payouts as people's spreadsheets write them."""

import pytest

from wallet import payout_files as files

BANKS = {"044": "Access Bank", "058": "Guaranty Trust Bank", "50211": "Kuda Bank"}
HEAD = "account_number,bank,amount,name,note\n"


def read(text: str | bytes) -> list[files.Row]:
    raw = text if isinstance(text, bytes) else text.encode()
    return files.read(raw, banks=BANKS, smallest=10_000, largest=1_000_000_000)


def only(line: str) -> files.Row:
    (row,) = read(HEAD + line)
    return row


def test_a_line_is_read_whole():
    row = only('0000000220,044,"5,000.50",Ada Obi,"Rent, May"')
    assert (row.number, row.account_number, row.bank_code, row.bank_name) == (
        2,
        "0000000220",
        "044",
        "Access Bank",
    )
    assert (row.amount, row.name, row.note, row.problems) == (500_050, "Ada Obi", "Rent, May", [])


@pytest.mark.parametrize(
    ("line", "problems"),
    [
        ("220,044,5000,,", ["NO_NUMBER"]),
        ("000000220,044,5000,,", ["LOST_ZEROS"]),
        ("1.23457E+09,044,5000,,", ["LOST_ZEROS"]),
        ("0000000220,Bank of Nowhere,5000,,", ["NO_BANK"]),
        ("0000000220,044,five,,", ["NO_AMOUNT"]),
        ("0000000220,044,=1+1,,", ["NO_AMOUNT"]),
        ("0000000220,044,-5000,,", ["NO_AMOUNT"]),
        ("0000000220,044,99.99,,", ["TOO_SMALL"]),
        ("0000000220,044,10000000.01,,", ["TOO_LARGE"]),
        ("0000000220,044,5000,=cmd|' /C calc'!A0,", ["FORMULA"]),
        ("0000000220,044,5000,,@SUM(A1)", ["FORMULA"]),
        (f"0000000220,044,5000,,{'x' * 141}", ["TOO_LONG"]),
        ("0000000221,044,5000,,", ["CHECK_DIGIT"]),
        ("1234567899,50211,5000,,", []),
        ("0000000220,guaranty trust bank,5000,,", ["CHECK_DIGIT"]),
        ("0000000220", ["NO_BANK", "NO_AMOUNT"]),
        ("٠٠٠٠٠٠٠٢٢٠,044,5000,,", ["NO_NUMBER"]),
    ],
)
def test_what_is_wrong_with_a_line_is_named(line, problems):
    assert only(line).problems == problems


def test_only_what_is_wrong_keeps_a_line_from_being_paid():
    assert not only("0000000221,044,5000,,").is_wrong
    assert only("0000000220,044,0,,").is_wrong


def test_lines_that_say_the_same_are_marked_after_the_first():
    rows = read(HEAD + "0000000220,044,5000,,\n" * 3 + "0000000220,044,5001,,\n")
    assert [row.problems for row in rows] == [[], ["TWICE"], ["TWICE"], []]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_spreadsheets_write_many_dialects(delimiter, encoding, ending):
    text = ending.join(
        [delimiter.join(("Account Number", "BANK", "Amount")), delimiter.join(("0000000220", "044", "5000"))]
    )
    (row,) = read(text.encode(encoding))
    assert (row.amount, row.problems) == (500_000, [])


def test_empty_lines_are_passed_over_and_numbers_are_those_of_the_sheet():
    rows = read(HEAD + "\n,,,,\n0000000220,044,5000,,\n")
    assert [row.number for row in rows] == [4]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\n",
        HEAD.encode(),
        b"bank,amount\n044,5000\n",
        b"\xff\xfe\x00",
        "account_number,bank,amount\n0000000220,044,5000,Ad\xe9\n".encode("latin-1"),
        b"%PDF-1.7\n\0\0",
        b'account_number,bank,amount\n"0000000220,044,5000\n',
        b"account_number,bank,amount\n" + b"x" * 200_000,
    ],
)
def test_what_is_no_file_of_payouts_is_refused_as_a_whole(raw):
    with pytest.raises(files.FileRefused):
        read(raw)


def test_a_file_of_more_lines_than_a_file_has_is_refused_with_the_limit():
    line = "0000000220,044,5000,,\n"
    assert len(read(HEAD + line * 1_000)) == 1_000
    for many in (1_001, 1_000_000):
        with pytest.raises(files.FileTooLarge, match="1,000 lines"):
            read(HEAD + line * many)
