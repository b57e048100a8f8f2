"""Agreements that a lender carries a share of: what waits for its signature, signing, and not going on."""

from typing import Any
from uuid import UUID

from django.db.models import Prefetch, QuerySet
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from core.actors import acting_as_service
from core.api.pagination import CursorPagination
from core.api.schema import example
from credit.api import lender_examples as examples
from credit.api.bid_serializers import (
    LendingAgreementSerializer,
    LendingContractFilter,
    LendingContractSerializer,
    LendingRefusalInput,
    LendingSignInput,
)
from credit.api.lender_base import LenderFilter, LenderView
from credit.events import CONTRACT
from credit.models import Contract, Provider, Share
from credit.services import checking, signing, signing_desk
from credit.services.desks import provider_for
from credit.services.locking import database_now
from credit.terms_hash import Side
from credit.titles import loan_number

STATES: dict[str, dict[str, Any]] = {
    "TO_SIGN": {"signed_at": None, "ended_at": None},
    "SIGNED": {"signed_at__isnull": False, "ended_at": None},
    "ENDED": {"ended_at__isnull": False},
}


class ContractView(LenderView):
    def manager(self, named: UUID | None = None) -> Provider:
        """The lender, for those who may sign for it. Raises ProviderNotFound, RoleNotEnough."""
        with acting_as_service():
            return provider_for(self.caller(), self.lender(named).pk)


class ContractList(ContractView, ListAPIView[Contract]):
    serializer_class = LendingContractSerializer
    filter_serializer = LendingContractFilter
    pagination_class = CursorPagination
    cursor_prefix = CONTRACT

    queryset = Contract.objects.none()  # of what; the document asks no database

    def get_queryset(self) -> QuerySet[Contract]:
        self.provider = self.manager()
        state = self.filters().get("state")
        return contracts_of(self.provider).filter(**STATES.get(state or "", {}))

    def paginate_queryset(self, queryset: QuerySet[Contract]) -> list[Any]:  # type: ignore[override]
        return [contract_facts(each, self.provider) for each in super().paginate_queryset(queryset)]

    @extend_schema(
        operation_id="list_lending_contracts",
        summary="List your agreements",
        parameters=[LendingContractFilter],
        examples=[example(examples.CONTRACT)],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Agreements that you carry all or a share of, newest first. `state=TO_SIGN` are those that wait."""
        return self.list(request)


class ContractDetail(ContractView):
    serializer_class = LendingAgreementSerializer
    key_prefix = CONTRACT
    also_answers = (409,)

    @extend_schema(
        operation_id="get_lending_contract",
        summary="Open an agreement",
        parameters=[LenderFilter],
        examples=[example(examples.AGREEMENT)],
    )
    def get(self, request: Request, id: str) -> Response:
        """One agreement, with the text to sign and, once the borrower has signed, what the bureaux answered.

        That you looked is written down.
        """
        provider = self.manager()
        desk = signing_desk.look_at(
            contract_id=self.key(), provider=provider, by=self.member(), at=database_now()
        )
        told = contract_facts(contract_of(provider, self.key()), provider)
        told |= {
            "number": loan_number(desk.contract.application_id),
            "borrower": desk.document.facts["borrower"],
            "terms": desk.contract.terms,
            "searches": desk.answers,
            "watermark": desk.watermark,
        }
        return Response(self.serializer_class(told).data)


class ContractSign(ContractView):
    serializer_class = LendingContractSerializer
    key_prefix = CONTRACT

    @extend_schema(
        operation_id="sign_lending_contract",
        summary="Sign an agreement",
        request=LendingSignInput,
        examples=[
            example(examples.SIGN_INPUT, request=True),
            example({**examples.CONTRACT, "state": "SIGNED", "you_signed": True, "signed_at": examples.AT}),
        ],
    )
    def post(self, request: Request, id: str) -> Response:
        """Sign the text with this hash, after the borrower has. With the last signature the money goes out at once.

        Signing twice is signing once. A person's own token needs a second factor proven in its session within five
        minutes.
        """
        order = self.body(LendingSignInput)
        provider = self.manager(order.get("lender"))
        signing.provider_sign(
            application_id=contract_of(provider, self.key()).application_id,
            provider_id=provider.pk,
            by=self.member(),
            sha256=order["sha256"],
            at=database_now(),
        )
        return Response(
            self.serializer_class(contract_facts(contract_of(provider, self.key()), provider)).data
        )


class ContractRefuse(ContractView):
    serializer_class = LendingContractSerializer
    key_prefix = CONTRACT

    @extend_schema(
        operation_id="refuse_lending_contract",
        summary="Do not go on with an agreement",
        request=LendingRefusalInput,
        examples=[
            example(examples.REFUSAL_INPUT, request=True),
            example({**examples.CONTRACT, "state": "ENDED", "ended_at": examples.AT}),
        ],
    )
    def post(self, request: Request, id: str) -> Response:
        """Say that you do not go on after your last check, and why. The borrower is told these reasons.

        What was set aside is free again. A person's own token needs a second factor proven in its session within five
        minutes.
        """
        order = self.body(LendingRefusalInput)
        provider = self.manager(order.get("lender"))
        checking.provider_fail_check(
            application_id=contract_of(provider, self.key()).application_id,
            provider_id=provider.pk,
            by=self.member(),
            reasons=order["reasons"],
            words=order["words"],
            at=database_now(),
        )
        return Response(
            self.serializer_class(contract_facts(contract_of(provider, self.key()), provider)).data
        )


def contracts_of(provider: Provider) -> QuerySet[Contract]:
    """Those that a lender carries a share of, with it; reading them needs the service."""
    shares = Share.objects.filter(provider=provider)
    own = Contract.objects.filter(pk__in=shares.values("contract")).select_related("application")
    return own.prefetch_related("signatures", Prefetch("shares", queryset=shares, to_attr="own_shares"))


def contract_of(provider: Provider, contract_id: UUID) -> Contract:
    """Raises Http404, also for another lender's."""
    with acting_as_service():
        contract = contracts_of(provider).filter(pk=contract_id).first()
    if contract is None:
        raise Http404
    return contract


def contract_facts(contract: Contract, provider: Provider) -> dict[str, Any]:
    signed = {(each.side, each.party_id) for each in contract.signatures.all()}
    names = (
        *("amount", "count", "rate", "apr", "fees", "received", "total_payable", "sha256"),
        *("application", "application_id", "accepted_at", "signed_at", "ended_at"),
    )
    return {
        **{name: getattr(contract, name) for name in names},
        "id": contract.pk,
        "state": _state(contract),
        "share": contract.own_shares[0],  # type: ignore[attr-defined]
        "borrower_signed": (Side.BORROWER, contract.application.user_id) in signed,
        "you_signed": (Side.PROVIDER, provider.pk) in signed,
    }


def _state(contract: Contract) -> str:
    if contract.ended_at is not None:
        return "ENDED"
    return "SIGNED" if contract.signed_at is not None else "TO_SIGN"
