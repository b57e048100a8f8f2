"""Pages on which an organisation that lends looks at applications and offers."""

from django.urls import path

from credit.views import lending_market

urlpatterns = [
    path("market/", lending_market.market, name="lending_market"),
    path("market/<uuid:application_id>/", lending_market.application, name="lending_application"),
    path("market/<uuid:application_id>/offer/", lending_market.bid, name="lending_bid"),
    path("offers/", lending_market.bids, name="lending_bids"),
    path("offers/<uuid:bid_id>/withdraw/", lending_market.withdraw, name="lending_bid_withdraw"),
]
