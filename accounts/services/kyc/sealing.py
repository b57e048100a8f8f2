"""Numbers of people and of their accounts: kept sealed at their place, found by a keyed index, shown by their end."""

from django.views.decorators.debug import sensitive_variables

from accounts.models import BankAccountClaim, IdentityNumber, KycApplication
from core import encryption

_NUMBER, _ACCOUNT = "accounts_identitynumber.sealed", "accounts_bankaccountclaim.sealed"


@sensitive_variables("number")
def number_index(kind: str, number: str) -> str:
    return encryption.blind_index(number, purpose=f"identity.{kind.lower()}")


@sensitive_variables("number")
def account_index(bank_code: str, number: str) -> str:
    return encryption.blind_index(f"{bank_code}:{number}", purpose="bank.account")


@sensitive_variables("number")
def seal_number(row: IdentityNumber, number: str) -> None:
    """Fill the columns of a row that tell of a number; the caller saves."""
    row.sealed = encryption.seal(number, aad=f"{_NUMBER}.{row.pk}")
    row.blind_index, row.last_four = number_index(row.kind, number), number[-4:]


def open_number(row: IdentityNumber) -> str:
    """Raises DecryptionFailed."""
    return encryption.open_sealed(row.sealed, aad=f"{_NUMBER}.{row.pk}")


@sensitive_variables("number")
def save_account(*, application: KycApplication, bank_code: str, number: str) -> BankAccountClaim:
    """Keep the bank account of an application, in place of one that was given before."""
    claim = BankAccountClaim.objects.filter(application=application).first()
    claim = claim or BankAccountClaim(application=application)
    claim.bank_code, claim.last_four = bank_code, number[-4:]
    claim.sealed = encryption.seal(number, aad=f"{_ACCOUNT}.{claim.pk}")
    claim.blind_index = account_index(bank_code, number)
    claim.save()
    return claim


def open_account(claim: BankAccountClaim) -> str:
    """Raises DecryptionFailed."""
    return encryption.open_sealed(claim.sealed, aad=f"{_ACCOUNT}.{claim.pk}")
