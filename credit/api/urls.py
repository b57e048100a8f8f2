from django.urls import include, path

urlpatterns = [
    path("", include("credit.api.borrower_urls")),
    path("", include("credit.api.lender_urls")),
]
