"""Banks by the six-digit codes that Xpress Wallet knows them by; the accounts there are those of the other sandbox."""

from wallet.sandbox import banks

# NIP code, the name as it is written there, and the code of three or five digits of the same bank.
BANKS = (
    ("000014", "Access Bank Plc", "044"),
    ("000010", "Ecobank Nigeria", "050"),
    ("000007", "Fidelity Bank", "070"),
    ("000016", "First Bank of Nigeria", "011"),
    ("000003", "First City Monument Bank", "214"),
    ("000013", "Guaranty Trust Bank", "058"),
    ("000023", "Providus Bank", ""),
    ("000018", "Union Bank of Nigeria", "032"),
    ("000004", "United Bank For Africa", "033"),
    ("000017", "Wema Bank", "035"),
    ("000015", "Zenith Bank", "057"),
)
_OTHER = {code: other for code, _name, other in BANKS}


def holder_of(*, sort_code: str, account_number: str) -> str | None:
    """Return the name on an account, None when there is none of this number."""
    other = _OTHER.get(sort_code)
    return banks.holder_of(bank_code=other, account_number=account_number) if other else None
