"""What somebody agrees to with an application, in the words that they saw; and taking it back."""

from typing import Any

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.schema import example
from credit.api import borrower_examples as examples
from credit.api.application_serializers import ConsentInput, LoanConsentsSerializer
from credit.api.borrower import OfApplication
from credit.consents import CURRENT, NEEDED, words_of
from credit.models import Application
from credit.services import consenting
from wallet.api.callers import caller


class Consents(OfApplication):
    serializer_class = LoanConsentsSerializer

    @extend_schema(
        operation_id="list_loan_consents",
        summary="List what to agree to",
        examples=[example(examples.CONSENTS)],
    )
    def get(self, request: Request, id: str) -> Response:
        """Every text in full. Of what you agreed to, the words are those you saw."""
        return Response(shown(self.application()))

    @extend_schema(
        operation_id="give_loan_consents",
        summary="Agree",
        request=ConsentInput,
        responses={200: LoanConsentsSerializer},
        examples=[example(examples.CONSENT_INPUT, request=True), example(examples.CONSENTS)],
    )
    def post(self, request: Request, id: str) -> Response:
        """Agree to texts by their hashes: show them whole first.

        Where the words have changed it is refused with `credit_consent_text_changed`: show them again.
        """
        order, found = self.body(ConsentInput), self.application()
        seen = {one["kind"]: one["sha256"] for one in order["consents"]}
        consenting.give(application_id=found.pk, user=caller(request), seen=seen, at=timezone.now())
        return Response(shown(found))


class ConsentWithdraw(OfApplication):
    serializer_class = LoanConsentsSerializer

    @extend_schema(
        operation_id="withdraw_loan_consent",
        summary="Take a consent back",
        request=None,
        responses={200: LoanConsentsSerializer},
        parameters=[OpenApiParameter("kind", str, OpenApiParameter.PATH, enum=[*CURRENT])],
        examples=[example(examples.CONSENTS)],
    )
    def post(self, request: Request, id: str, kind: str) -> Response:
        """From now on nothing is done that needs it. What was not given stays not given."""
        found = self.application()
        if kind not in CURRENT:
            raise Http404
        consenting.withdraw(application_id=found.pk, user=caller(request), kind=kind, at=timezone.now())
        return Response(shown(found))


def shown(application: Application) -> dict[str, Any]:
    given = consenting.standing(application, at=timezone.now())
    texts = []
    for kind, current in CURRENT.items():
        consent = given.get(kind)
        words = words_of(consent) if consent else current
        texts.append(
            {
                "kind": kind,
                "title": words.title,
                "text": words.text,
                "version": words.version,
                "sha256": words.sha256,
                "is_needed": kind in NEEDED,
                "is_given": consent is not None,
                "given_at": consent.given_at if consent else None,
                "expires_at": consent.expires_at if consent else None,
            }
        )
    return dict(LoanConsentsSerializer({"application": application.pk, "consents": texts}).data)
