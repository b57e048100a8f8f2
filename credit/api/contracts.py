"""What was accepted: read, signed, gone back on while that is free, and its paper."""

from typing import Any

from django.http import Http404, HttpResponse, HttpResponseBase
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from core import idempotency
from core.actors import acting_as_service
from core.api.ratelimit import MONEY
from core.api.schema import example
from credit.api import borrower_examples as examples
from credit.api.borrower import OfApplication
from credit.api.contract_serializers import LoanContractSerializer, SignInput
from credit.key_facts import shown
from credit.models import Consent, Contract, Disbursement, Loan, Signature
from credit.payout_words import why_waiting
from credit.services import signing
from credit.services.agreement_drawing import agreement_pdf
from credit.services.agreement_papers import agreement_of
from credit.services.cancelling import cancel
from credit.services.drawable import open_to
from credit.services.locking import database_now
from credit.states import State
from credit.terms_data import late_of
from wallet.api.callers import caller
from wallet.services.statements import files
from wallet.views.statements import attached

SEARCH = Consent.Kind.HARD_SEARCH
CANCELLABLE = (State.SIGNED, State.ACTIVE)


class OfContract(OfApplication):
    serializer_class = LoanContractSerializer

    def contract(self) -> Contract:
        """The application's last contract, also one that has ended. Raises Http404 where nothing was accepted."""
        contracts = Contract.objects.filter(application=self.application()).select_related("application")
        found = contracts.order_by("-pk").first()
        if found is None:
            raise Http404
        return found


class ContractDetail(OfContract):
    @extend_schema(
        operation_id="get_loan_contract", summary="Get a contract", examples=[example(examples.CONTRACT)]
    )
    def get(self, request: Request, id: str) -> Response:
        """What you accepted, who carries it, and what it waits for."""
        return Response(contract_shown(self.contract()))


class ContractSign(OfContract):
    proven = ("POST",)

    @extend_schema(
        operation_id="sign_loan_contract",
        summary="Sign a contract",
        request=SignInput,
        responses={200: LoanContractSerializer},
        examples=[example(examples.SIGN_INPUT, request=True), example(examples.CONTRACT)],
    )
    def post(self, request: Request, id: str) -> Response:
        """Sign the terms with this hash: show the agreement, or its paper, first. Signed again, it stays as it was.

        A person's own token needs a second factor proven in its session within five minutes.
        """
        order, contract = self.body(SignInput), self.contract()
        consent = order.get("search_consent")
        signing.sign(
            application_id=contract.application_id,
            user=caller(request),
            sha256=order["sha256"],
            seen={SEARCH: consent} if consent else None,
            at=database_now(),
        )
        return Response(contract_shown(self.contract()))


class ContractCancel(OfContract):
    rate_policies = (MONEY,)
    idempotent = True
    also_answers = (503,)
    proven = ("POST",)

    @extend_schema(
        operation_id="cancel_loan_contract",
        summary="Cancel in the cooling-off time",
        request=None,
        examples=[example(examples.CONTRACT)],
    )
    def post(self, request: Request, id: str) -> HttpResponse:
        """Go back on a signed contract. What was paid out goes back from your wallet; no interest, no fee.

        A person's own token needs a second factor proven in its session within five minutes.
        """
        contract = self.contract()
        return idempotency.once(request, lambda _posting_id: self._cancel(contract))

    def _cancel(self, contract: Contract) -> Response:
        cancel(application_id=contract.application_id, user=caller(self.request), at=database_now())
        return Response(contract_shown(self.contract()))


class ContractPaper(OfContract):
    also_answers = (503,)

    @extend_schema(
        operation_id="download_loan_agreement",
        summary="Download the agreement",
        responses={(200, files.PDF): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, id: str) -> HttpResponseBase:
        """Every figure, every instalment, and what being late or early costs, with the hash that is signed."""
        document = agreement_of(contract=self.contract(), user=caller(request), at=database_now())
        paper = HttpResponse(agreement_pdf(document), content_type=files.PDF)
        return attached(paper, f"alajo-{document.facts['number']}-agreement.pdf")


def contract_shown(contract: Contract) -> dict[str, Any]:
    """A contract as its borrower sees it, who may see it."""
    application, now = contract.application, database_now()
    with acting_as_service():
        has_signed = Signature.objects.filter(contract=contract, side=Signature.Side.BORROWER).exists()
        is_lent = Loan.objects.filter(contract=contract).exists()
        payouts = Disbursement.objects.filter(share__contract=contract, state__in=("DUE", "STOPPED"))
        stuck = payouts.exclude(code="").first()
        drawdown = open_to(contract, application, today=timezone.localdate(now))
        has_agreed = signing.agreed_to_search(application, now)
        shares = list(contract.shares.select_related("provider").order_by("pk"))
    until, goes_on = contract.cooling_off_until, contract.ended_at is None
    facts = {
        "contract": contract,
        "loan": application.pk if is_lent else None,
        "state": _state(contract, has_signed=has_signed, is_lent=is_lent),
        "apr": shown(contract.apr),
        "late_charge": late_of(contract.late),
        "shares": shares,
        "needs_search_consent": goes_on and application.state == State.ACCEPTED and not has_agreed,
        "may_cancel": goes_on and application.state in CANCELLABLE and until is not None and now < until,
        "payout_waits_for": str(why_waiting(stuck.code)) if stuck and goes_on else "",
        "drawdown": drawdown,
        "sign_by": application.sign_by if application.state == State.ACCEPTED else None,
    }
    return dict(LoanContractSerializer(facts).data)


def _state(contract: Contract, *, has_signed: bool, is_lent: bool) -> str:
    if contract.ended_at is not None:
        return "ENDED"
    if is_lent:
        return "PAID_OUT"
    if contract.signed_at is not None:
        return "SIGNED"
    return "WITH_LENDER" if has_signed else "TO_SIGN"
