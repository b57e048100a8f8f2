"""The check digit of Nigerian account numbers (CBN's uniform bank account numbers). Pure: no database, no clock.

An account number is nine digits of the bank's own and a check digit over the bank's three digits and those nine. It
finds a slip of the finger before anybody is asked. It is a help and no wall: microfinance banks and wallets (codes of
five digits and more) make theirs otherwise, and the bank itself always has the last word.
"""

_WEIGHTS = (3, 7, 3, 3, 7, 3, 3, 7, 3, 3, 7, 3)
DIGITS = 10


def is_number(text: str) -> bool:
    return len(text) == DIGITS and text.isascii() and text.isdecimal()


def check_digit(bank_code: str, serial: str) -> int:
    """Return the tenth digit of an account whose first nine are `serial`, at a bank of three digits."""
    digits = bank_code + serial
    total = sum(int(digit) * weight for digit, weight in zip(digits, _WEIGHTS, strict=True))
    return (10 - total % 10) % 10


def looks_wrong(bank_code: str, number: str) -> bool:
    """Whether the check digit does not fit; of a bank without one it never looks wrong."""
    if len(bank_code) != 3 or not bank_code.isdecimal() or not is_number(number):
        return False
    return check_digit(bank_code, number[:-1]) != int(number[-1])
