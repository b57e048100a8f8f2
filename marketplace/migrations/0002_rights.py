from datetime import date
from decimal import Decimal

from django.db import migrations

from core.rls import Policy, Protect
from core.sql import read
from marketplace import sql

SCHEMA = """
create schema if not exists marketplace;
grant usage on schema marketplace to service_role;
"""
RIGHTS = """
revoke all on all functions in schema marketplace from public;
grant execute on all functions in schema marketplace to service_role;
"""
EVERYBODYS = "true"
ORGANIZATIONS = "any (array (select auth.organizations()))"
SELLERS = f"(select s.id from marketplace_seller s where s.organization_id = {ORGANIZATIONS})"
THEIRS = f"seller_id in {SELLERS}"
OWN = "customer_id = (select auth.uid())"
# Each side is asked apart, so that an index of its own answers.
SELLS = f"(state = 'APPROVED') is true or (organization_id = {ORGANIZATIONS}) is true"
ON_SALE = "state = 'LIVE' and exists (select from marketplace_seller s where s.id = seller_id and s.state = 'APPROVED')"
PRODUCT = f"({ON_SALE}) is true or ({THEIRS}) is true"
EITHER = f"({OWN}) is true or ({THEIRS}) is true"
# Who sees these rows sees those that hang on them: the policies of the other table are asked, row by row and by its key.
OF_SELLER = "exists (select from marketplace_seller s where s.id = seller_id)"
OF_PRODUCT = "exists (select from marketplace_product p where p.id = product_id)"
OF_VARIANT = "exists (select from marketplace_variant v where v.id = variant_id)"
OF_CART = "exists (select from marketplace_cart c where c.id = cart_id)"
OF_CHECKOUT = "exists (select from marketplace_checkout c where c.id = checkout_id)"
OF_ORDER = "exists (select from marketplace_order o where o.id = order_id)"
# What is kept of an order is between its seller and us.
OF_SOLD = f"exists (select from marketplace_order o where o.id = order_id and o.{THEIRS})"

SELLER = "display_name, about, support_email, ships_within, return_days, state, reason, decided_at"
PRODUCT_FIELDS = (
    "category_id, tax_class_id, title, description, weight, state, reason, words, lowest_price, stars, reviews_count, live_at"
)
ADDRESS = "recipient, phone, line, city, state, landmark, is_default, removed_at"
ORDER = "refunded, state, came_from, changed_at, lapses_at, completes_at, delivered_at"
ADDED = "SELECT, INSERT"
# The one tax of Nigeria that prices contain, and the day since which it is what it is.
SINCE = date(2020, 2, 1)
TAXES = [
    ("STANDARD", "Standard", Decimal("7.5"), "Finance Act 2019, section 34: value added tax of 7.5 percent"),
    ("EXEMPT", "Exempt", Decimal(0), "Value Added Tax Act, First Schedule: basic food, medicines, books"),
]


def own(table: str, using: str, service: str = ADDED) -> Protect:
    return Protect(
        table, policies=[Policy("own", "SELECT", using=using)], authenticated="SELECT", service=service
    )


def shown(table: str, using: str, service: str, *, anon: str = "SELECT", world: str = "") -> Protect:
    """A table of the catalogue: `using` says what members see, `world` what everybody does, where that is less."""
    policies = [
        Policy("shown", "SELECT", using=using),
        Policy("world", "SELECT", using=world or using, role="anon"),
    ]
    return Protect(table, policies=policies, authenticated="SELECT", anon=anon, service=service)


HOURS = 72


def seed(apps, schema_editor):
    alias = schema_editor.connection.alias
    bands = apps.get_model("accounts", "ApprovalBand").objects.using(alias)
    for action in ("seller_approve", "seller_pause", "seller_commission"):
        bands.create(action=f"marketplace.{action}", from_amount=0, approvals_needed=1, expires_hours=HOURS)
    classes = apps.get_model("marketplace", "TaxClass").objects.using(alias)
    rates = apps.get_model("marketplace", "TaxRate").objects.using(alias)
    for code, name, percent, source in TAXES:
        classes.create(code=code, name=name)
        rates.create(tax_class_id=code, from_date=SINCE, percent=percent, source=source)


def unseed(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("alter table accounts_approvalband disable trigger append_only")
        cursor.execute("delete from accounts_approvalband where action like 'marketplace.%'")
        cursor.execute("alter table accounts_approvalband enable trigger append_only")


class Migration(migrations.Migration):

    dependencies = [
        ('marketplace', '0001_marketplace'),
    ]

    operations = [
        migrations.RunSQL(SCHEMA, "drop schema marketplace cascade"),
        migrations.RunSQL(read(sql.__file__, "tables", "stock"), migrations.RunSQL.noop),
        migrations.RunSQL(RIGHTS, migrations.RunSQL.noop),
        shown(
            "marketplace_seller",
            SELLS,
            f"SELECT, INSERT, UPDATE ({SELLER})",
            anon="SELECT (id, display_name, about, ships_within, return_days, state)",
            world="state = 'APPROVED'",
        ),
        own("marketplace_sellercommission", THEIRS),
        shown("marketplace_category", EVERYBODYS, "SELECT, INSERT, UPDATE (name, position, is_open)"),
        shown("marketplace_taxclass", EVERYBODYS, "SELECT, INSERT, UPDATE (name)"),
        shown("marketplace_taxrate", EVERYBODYS, ADDED),
        shown(
            "marketplace_product",
            PRODUCT,
            f"SELECT, INSERT, UPDATE ({PRODUCT_FIELDS})",
            world=ON_SALE,
        ),
        shown("marketplace_variant", OF_PRODUCT, "SELECT, INSERT, UPDATE (options, stock, reserved, is_open)"),
        shown("marketplace_price", OF_VARIANT, "SELECT, INSERT, UPDATE (valid), DELETE"),
        shown("marketplace_picture", OF_PRODUCT, "SELECT, INSERT, UPDATE (text, position), DELETE"),
        shown(
            "marketplace_deliveryoption",
            OF_SELLER,
            "SELECT, INSERT, UPDATE (name, amount, free_from, least_days, most_days, heaviest, states, is_open)",
        ),
        own("marketplace_cart", OWN, "SELECT, INSERT, UPDATE (customer_id, token_digest, changed_at), DELETE"),
        own("marketplace_cartitem", OF_CART, "SELECT, INSERT, UPDATE (cart_id, quantity, price), DELETE"),
        own("marketplace_wish", OWN, "SELECT, INSERT, DELETE"),
        own("marketplace_address", OWN, f"SELECT, INSERT, UPDATE ({ADDRESS})"),
        own("marketplace_promotion", THEIRS, "SELECT, INSERT, UPDATE (name, until, budget, given)"),
        own("marketplace_promotionuse", OWN, "SELECT, INSERT, UPDATE (returned_at)"),
        own("marketplace_checkout", OWN, "SELECT, INSERT, UPDATE (address_id, state, amount, ended_at)"),
        own("marketplace_reservation", OF_CHECKOUT, "SELECT, INSERT, UPDATE (state, ended_at)"),
        own("marketplace_order", EITHER, f"SELECT, INSERT, UPDATE ({ORDER})"),
        own("marketplace_orderitem", OF_ORDER),
        own("marketplace_orderchange", OF_ORDER),
        own("marketplace_ordermove", OF_SOLD),
        own("marketplace_shipment", OF_ORDER, "SELECT, INSERT, UPDATE (carrier, tracking, delivered_at)"),
        own("marketplace_refundrequest", OF_ORDER, "SELECT, INSERT, UPDATE (refunded, answer, state, ended_at)"),
        own("marketplace_dispute", OF_ORDER, "SELECT, INSERT, UPDATE (answer, outcome, refund, decided_at)"),
        own("marketplace_review", OWN, "SELECT, INSERT, UPDATE (stars, text, state, reason)"),
        own("marketplace_reviewreport", "reporter_id = (select auth.uid())", "SELECT, INSERT, UPDATE (decided_at)"),
        own("marketplace_productimport", THEIRS, "SELECT, INSERT, UPDATE (state, rows, rows_done, errors, ended_at)"),
        migrations.RunPython(seed, unseed),
    ]
