"""Pages of an organisation that lends."""

from django.urls import path, re_path

from credit.views import lending, lending_products, lending_rules

urlpatterns = [
    path("", lending.overview, name="lending"),
    path("apply/", lending.apply, name="lending_apply"),
    path("settings/", lending.settings, name="lending_settings"),
    re_path(r"^money/(?P<way>in|out)/$", lending.move, name="lending_money"),
    path("loans/", lending.loans, name="lending_loans"),
    path("products/", lending_products.overview, name="lending_products"),
    path("products/new/", lending_products.make, name="lending_product_make"),
    path(
        "products/<uuid:product_id>/",
        lending_products.product,
        name="lending_product",
    ),
    path(
        "products/<uuid:product_id>/terms/",
        lending_products.change,
        name="lending_product_change",
    ),
    path(
        "products/<uuid:product_id>/open/",
        lending_products.switch,
        name="lending_product_open",
    ),
    path("rules/", lending_rules.overview, name="lending_rules"),
    path("rules/new/", lending_rules.make, name="lending_rule_make"),
    path("rules/<uuid:rule_id>/", lending_rules.change, name="lending_rule_change"),
]
