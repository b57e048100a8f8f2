"""A contract is signed by all that it names, as it is, in time; with the last one each share is to be paid out."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Notification
from accounts.tests.factories import make_person
from core.actors import acting_as_service
from core.errors import DomainError
from credit.models import Contract, Disbursement, Provider, Share, Signature
from credit.refusals import ApplicationNotFound, ProviderNotActive, ProviderNotFound
from credit.services import lapsing, signing
from credit.states import State, StateRefused
from credit.terms_hash import SignedByAnother, TermsChanged
from credit.tests.agreed import accepted, agree_to_search, owner_of, search, signed, state_of
from credit.tests.world import day, moment
from wallet.models import Account, Hold

pytestmark = pytest.mark.django_db
AT = moment(day(0))
OTHER = "f" * 64


def refused(kind: type[DomainError], deed: Callable[[], object]) -> DomainError:
    with pytest.raises(kind) as caught:
        deed()
    return caught.value


def told(user: object) -> list[str]:
    with acting_as_service():
        return list(Notification.objects.filter(user=user).order_by("pk").values_list("event", flat=True))


def test_a_pool_is_signed_when_the_last_of_all_its_parties_has_signed() -> None:
    ada, owners = make_person(), [make_person(), make_person()]
    made = accepted(ada, owners, at=AT)
    with acting_as_service():
        shares = list(made.shares.select_related("provider").order_by("pk"))
    signing.sign(application_id=made.application_id, user=ada, sha256=made.sha256, at=AT)
    assert told(owners[0]) == ["loan.to_sign"]
    for share in shares:
        with acting_as_service():
            assert not Disbursement.objects.exists()
        assert state_of(made) == State.ACCEPTED
        signing.provider_sign(
            application_id=made.application_id,
            provider_id=share.provider_id,
            by=owner_of(share.provider),
            sha256=made.sha256,
            at=AT,
        )
    assert state_of(made) == State.SIGNED
    assert told(ada) == ["loan.signed"]
    with acting_as_service():
        assert set(Disbursement.objects.values_list("share", "state")) == {(one.pk, "DUE") for one in shares}
        done = Contract.objects.get(pk=made.pk)
        assert done.signed_at == AT
        assert done.cooling_off_until is not None
        assert timezone.localtime(done.cooling_off_until).time() == moment(day(0)).min.time()
        # Signed again it is as it was.
        again = signing.sign(application_id=made.application_id, user=ada, sha256=made.sha256, at=AT)
        assert again.signed_at == AT
        assert Signature.objects.count() == 3


def test_who_signs_what() -> None:
    ada, owner, stranger = make_person(), make_person(), make_person()
    made = accepted(ada, [owner], at=AT, consents=False, searched=False)
    key, digest = made.application_id, made.sha256
    with acting_as_service():
        provider = Provider.objects.get()

    def borrower(user: object = ada, sha256: str = digest) -> object:
        return signing.sign(application_id=key, user=user, sha256=sha256, at=AT)  # type: ignore[arg-type]

    def lends(by: object = owner, sha256: str = digest) -> object:
        return signing.provider_sign(
            application_id=key,
            provider_id=provider.pk,
            by=by,
            sha256=sha256,
            at=AT,  # type: ignore[arg-type]
        )

    refused(ApplicationNotFound, lambda: borrower(stranger))
    refused(ProviderNotFound, lambda: lends(stranger))
    assert refused(TermsChanged, lambda: borrower(sha256=OTHER)).data == {"side": "BORROWER"}
    refused(signing.NotAgreedToSearch, borrower)
    with acting_as_service():
        agree_to_search(made.application, AT)
    refused(signing.BorrowerSignsFirst, lends)
    borrower()
    assert refused(TermsChanged, lambda: lends(sha256=OTHER)).data == {"side": "PROVIDER"}
    refused(signing.SearchWaits, lends)
    search(made.application, AT)
    with acting_as_service():
        Provider.objects.update(licensed_until=day(1))
    refused(ProviderNotActive, lends)
    with acting_as_service():
        Provider.objects.update(licensed_until=day(0))
    lends()
    refused(StateRefused, lambda: borrower(sha256=OTHER))


def test_what_was_signed_by_another_or_under_other_terms_is_never_complete() -> None:
    ada, owner = make_person(), make_person()
    made = accepted(ada, [owner], at=AT)
    with acting_as_service():
        Signature.objects.create(
            contract=made, side="PROVIDER", party_id=ada.pk, sha256=made.sha256, made_at=AT
        )
    refused(SignedByAnother, lambda: signed(made, at=AT))
    other = accepted(make_person(), [make_person()], at=AT)
    with acting_as_service():
        Signature.objects.create(
            contract=other,
            side="PROVIDER",
            party_id=Share.objects.get(contract=other).provider_id,
            sha256=OTHER,
        )
    refused(TermsChanged, lambda: signed(other, at=AT))
    assert {state_of(made), state_of(other)} == {State.ACCEPTED}


def test_what_is_not_signed_in_time_lapses_and_its_reserve_is_free_again() -> None:
    ada, owner = make_person(), make_person()
    made = accepted(ada, [owner], at=AT)
    key = made.application_id
    with acting_as_service():
        until = made.application.sign_by
        assert until is not None
    just_before = until - timedelta(microseconds=1)
    assert lapsing.unsigned(at=just_before) == []
    assert not lapsing.lapse(application_id=key, at=just_before)
    refused(
        signing.SigningOver,
        lambda: signing.sign(application_id=key, user=ada, sha256=made.sha256, at=until),
    )
    signing.sign(application_id=key, user=ada, sha256=made.sha256, at=just_before)
    assert lapsing.unsigned(at=until) == [key]
    assert lapsing.lapse(application_id=key, at=until)
    assert not lapsing.lapse(application_id=key, at=until)
    assert state_of(made) == State.EXPIRED
    assert told(ada) == ["loan.signing_over"]
    assert told(owner) == ["loan.to_sign", "loan.not_lent"]
    with acting_as_service():
        assert Hold.objects.get().state == "RELEASED"
        assert Account.objects.get(kind="LENDER").held == 0
        assert Contract.objects.get().ended_at == until
