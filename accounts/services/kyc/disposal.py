"""Pictures that never reached staff go with the wish they belonged to; what staff may have seen is evidence."""

from datetime import datetime

from accounts.models import KycApplication, KycDocument
from storage_app.models import Object
from storage_app.services import house, removal


def forget_unseen(*, application: KycApplication, documents: list[KycDocument], at: datetime) -> None:
    """Remove the bytes of these documents, unless their application was ever sent. Their rows stay."""
    if application.submitted_at is None:
        names = [document.object_name for document in documents]
        removal.remove_all(objects=Object.objects.filter(bucket_id=house.KYC, name__in=names), at=at)


def forget_unsent(*, application: KycApplication, at: datetime) -> None:
    """Take every picture out of an application that ends without ever having been sent."""
    if application.submitted_at is None:
        documents = list(KycDocument.objects.current().filter(application=application))
        forget_unseen(application=application, documents=documents, at=at)
        KycDocument.objects.filter(pk__in=[document.pk for document in documents]).update(
            state=KycDocument.State.DELETED
        )
