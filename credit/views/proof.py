"""A whole loan on one page: each figure worked out anew from what happened, and compared with what is kept."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.requests import PersonRequest
from core.actors import acting_as_service
from credit.models import Loan
from credit.proof_lines import periods_of
from credit.services.proving import Proof, proof_of
from credit.views.helping import own_loan
from wallet.views.access import own_wallet, wallet_page


@wallet_page
@require_safe
def loan_proof(request: PersonRequest, loan_id: UUID) -> HttpResponse:
    """Prove a loan before its borrower's eyes. Nothing changes."""
    own_wallet(request.user)
    loan = own_loan(request, loan_id)
    with acting_as_service():
        proof = proof_of(Loan.objects.select_related("application", "contract").get(pk=loan.pk))
    context = {
        "loan": loan,
        "proof": proof,
        "standing": proof.standing,
        "periods": periods_of(proof.standing) if proof.standing is not None else [],
        "happened": _happened(proof),
    }
    return render(request, "loans/proof.html", context)


def _happened(proof: Proof) -> list[tuple[object, object, bool]]:
    """Each thing that happened, where its money goes by what is known now, and whether it was taken back."""
    paid = {step.number: step.paid for step in proof.steps}
    return [(row, paid.get(row.number), row.number in proof.taken_back) for row in proof.rows]
