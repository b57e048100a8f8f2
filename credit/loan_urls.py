"""Pages of a loan that was paid out."""

from django.urls import URLPattern, path

from credit.views import helping, proof

urlpatterns: list[URLPattern] = [
    path("loans/<uuid:loan_id>/help/", helping.loan_help, name="loan_help"),
    path("loans/<uuid:loan_id>/proof/", proof.loan_proof, name="loan_proof"),
]
