"""Pages on which an organisation that lends signs."""

from django.urls import path

from credit.views import lending_signing

urlpatterns = [
    path("signing/", lending_signing.to_sign, name="lending_signing"),
    path("signing/<uuid:contract_id>/", lending_signing.contract, name="lending_sign"),
    path("signing/<uuid:contract_id>/refuse/", lending_signing.refuse, name="lending_refuse"),
]
