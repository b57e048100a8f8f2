"""What staff restrict is what the ledger refuses, from the moment on that it holds until it is lifted."""

import pytest
from django.utils import timezone

from accounts.services import status
from accounts.tests.factories import make_person
from accounts.tests.status_steps import restrict
from core.actors import acting_as_service
from core.ids import posting_id
from wallet import services
from wallet.refusals import CustomerFrozen, CustomerNoCredit, CustomerNoDebit
from wallet.tests.factories import make_wallet

pytestmark = pytest.mark.django_db(transaction=True)


def pay(payer, payee) -> None:
    """By the service's hand, which a status binds as well."""
    with acting_as_service():
        line = services.Line("TRANSFER", make_wallet(payer).pk, make_wallet(payee).pk, 100)
        services.post(posting_id=posting_id(), lines=[line])


@pytest.mark.parametrize(
    ("to", "sending", "receiving"),
    [
        ("NO_DEBIT", CustomerNoDebit, None),
        ("NO_CREDIT", None, CustomerNoCredit),
        ("FROZEN", CustomerFrozen, CustomerNoCredit),
    ],
)
def test_a_restriction_holds_in_each_direction_until_it_is_lifted(to, sending, receiving):
    ada, bola, agent = make_person(name="Ada Obi"), make_person(name="Bola Ade"), make_person(role="AGENT")
    for person in (ada, bola):
        make_wallet(person, amount=1_000_00)
    restrict(ada, to, by=agent)
    for payer, payee, refusal in ((ada, bola, sending), (bola, ada, receiving)):
        if refusal:
            with pytest.raises(refusal):
                pay(payer, payee)
        else:
            pay(payer, payee)
    lifted = {"cause": "STAFF", "reason_code": "SETTLED", "text": "looked into it"}
    status.lift(customer=ada.customer, by=agent, at=timezone.now(), **lifted)
    pay(ada, bola)
    pay(bola, ada)
