from django.urls import include, path

urlpatterns = [
    path("", include("credit.borrowing_urls")),
    path("", include("credit.offer_urls")),
    path("", include("credit.agreeing_urls")),
    path("", include("credit.loan_urls")),
    path("organizations/<slug:slug>/lending/", include("credit.lender_urls")),
    path("organizations/<slug:slug>/lending/", include("credit.market_urls")),
    path("organizations/<slug:slug>/lending/", include("credit.signing_urls")),
]
