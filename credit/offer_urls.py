"""Pages of offers, and of agreeing on one."""

from django.urls import path

from credit.views import offers

OWN = "borrow/applications/<uuid:application_id>/"

urlpatterns = [
    path(f"{OWN}offers/", offers.offers, name="loan_offers"),
    path(f"{OWN}accept/", offers.accept_offer, name="loan_accept"),
]
