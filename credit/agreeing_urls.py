"""Pages on which an accepted offer is read, signed and gone back on."""

from django.urls import path

from credit.views import agreeing, drawing

urlpatterns = [
    path("borrow/applications/<uuid:application_id>/sign/", agreeing.sign_page, name="loan_sign"),
    path(
        "borrow/applications/<uuid:application_id>/agreement.pdf", agreeing.agreement, name="loan_agreement"
    ),
    path("borrow/applications/<uuid:application_id>/payout/", drawing.draw_page, name="loan_draw"),
    path("borrow/applications/<uuid:application_id>/cancel/", agreeing.cancel_page, name="loan_cancel"),
]
