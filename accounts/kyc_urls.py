from django.urls import path, register_converter

from accounts.kyc import steps
from accounts.views import kyc, kyc_documents, kyc_steps


class SlotConverter:
    """One picture of a document as a part of an address: `drivers-licence/front`."""

    slots = {
        f"{kind.lower().replace('_', '-')}/{side.lower()}": (str(kind), str(side))
        for kind, sides in steps.SIDES.items()
        for side in sides
    }
    regex = "|".join(slots)

    def to_python(self, value: str) -> steps.Slot:
        return self.slots[value]

    def to_url(self, slot: steps.Slot) -> str:
        return f"{slot[0].lower().replace('_', '-')}/{slot[1].lower()}"


register_converter(SlotConverter, "kyc_slot")

urlpatterns = [
    path("", kyc.home, name="kyc"),
    path("new/", kyc.new, name="kyc_new"),
    path("state/", kyc.state, name="kyc_state"),
    path("review/", kyc.review, name="kyc_review"),
    path("withdraw/", kyc.withdraw, name="kyc_withdraw"),
    path("numbers/<str:kind>/reveal/", kyc_steps.reveal, name="kyc_reveal"),
    path("documents/<kyc_slot:slot>/", kyc_documents.slot_page, name="kyc_slot"),
    path("documents/<kyc_slot:slot>/upload-right/", kyc_documents.upload_right, name="kyc_upload_right"),
    path("documents/<uuid:document_id>/", kyc_documents.look, name="kyc_document"),
    path("documents/<uuid:document_id>/delete/", kyc_documents.delete, name="kyc_document_delete"),
    path("<slug:slug>/", kyc_steps.step_page, name="kyc_step"),
]
