"""Banks, and in whose name an account there is: some that are known, and an invented name for any sound number."""

import hashlib

BANKS = (
    ("044", "Access Bank"),
    ("050", "Ecobank Nigeria"),
    ("070", "Fidelity Bank"),
    ("011", "First Bank of Nigeria"),
    ("214", "First City Monument Bank"),
    ("058", "Guaranty Trust Bank"),
    ("50211", "Kuda Bank"),
    ("221", "Stanbic IBTC Bank"),
    ("232", "Sterling Bank"),
    ("007", "Test Bank"),
    ("032", "Union Bank of Nigeria"),
    ("033", "United Bank For Africa"),
    ("035", "Wema Bank"),
    ("057", "Zenith Bank"),
)
NAMES = dict(BANKS)
# Where only the known numbers are: Paystack's own test bank.
_KNOWN_ONLY = "007"
# The bank's code and the account's number, and in whose name it is. The first is Paystack's own test value.
ACCOUNTS = {
    ("007", "0111111111"): "ADA OBI",
    ("011", "0000014579"): "BELLO MUSA",
    ("044", "0000000220"): "OBI ADA GRACE",
    ("058", "0001234567"): "CHIDI EZE",
    ("058", "0001234568"): "KASUWA STORES",
}
_FIRST = ("AMINA", "BABATUNDE", "CHIAMAKA", "EMEKA", "FOLAKE", "IBRAHIM", "NGOZI", "YUSUF")
_LAST = ("ABUBAKAR", "ADEYEMI", "BALOGUN", "DANJUMA", "EFFIONG", "NWOSU", "OKAFOR", "SALAMI")
_WEIGHTS = (3, 7, 3, 3, 7, 3, 3, 7, 3, 3, 7, 3)


def holder_of(*, bank_code: str, account_number: str) -> str | None:
    """Return the name on an account, None when there is none of this number."""
    known = ACCOUNTS.get((bank_code, account_number))
    if known or bank_code == _KNOWN_ONLY or not is_sound(bank_code, account_number):
        return known
    chance = hashlib.sha256(f"{bank_code}{account_number}".encode()).digest()
    return f"{_LAST[chance[0] % len(_LAST)]} {_FIRST[chance[1] % len(_FIRST)]}"


def is_sound(bank_code: str, account_number: str) -> bool:
    """Whether a number can be one of this bank: its last digit checks the others, save at those of five-digit codes."""
    if bank_code not in NAMES or not (account_number.isascii() and account_number.isdecimal()):
        return False
    if len(account_number) != 10 or len(bank_code) != 3:
        return len(account_number) == 10
    digits = [int(digit) for digit in bank_code + account_number[:9]]
    total = sum(digit * weight for digit, weight in zip(digits, _WEIGHTS, strict=True))
    return (10 - total % 10) % 10 == int(account_number[9])
