"""What the shop refuses, by name. Amounts in `data` are kobo."""

from django.utils.translation import gettext_lazy as _

from core.errors import DomainError


class NotEnoughStock(DomainError):
    """`data["missing"]` maps the variants of which there is too little to the pieces there are."""

    code = "not_enough_stock"
    kind = "conflict"
    message = _("There are not that many left.")
    public = ("missing",)


class CheckoutOver(DomainError):
    """`data["state"]` is what became of it."""

    code = "checkout_over"
    kind = "conflict"
    message = _("This purchase is over. Begin again from your cart.")
    public = ("state",)


class ProductNotFound(DomainError):
    code = "product_not_found"
    kind = "not_found"
    message = _("There is no such product.")


class ProductInvalid(DomainError):
    """`data["field"]` names what is wrong."""

    code = "product_invalid"
    message = _("A product cannot be listed so.")
    public = ("field",)


class ProductStateRefused(DomainError):
    """`data["state"]` is the state that it is in."""

    code = "product_state_refused"
    kind = "conflict"
    message = _("This cannot be done with a product in its state.")
    public = ("state",)


class NoPrice(DomainError):
    code = "product_without_price"
    kind = "conflict"
    message = _("Nothing of this product has a price for today.")


class SkuTaken(DomainError):
    code = "sku_taken"
    kind = "conflict"
    message = _("Another of your variants has this SKU, or this product has one with these options.")


class PriceInvalid(DomainError):
    code = "price_invalid"
    message = _("A price is above nought, and holds from today or a later day on, at least for one day.")


class StockRefused(DomainError):
    """`data["reserved"]` is how many pieces are promised to buyers."""

    code = "stock_below_reserved"
    kind = "conflict"
    message = _("Stock cannot be less than what is promised to buyers.")
    public = ("reserved",)


class SearchInvalid(DomainError):
    """`data["field"]` names what cannot be: the query, the limit or the cursor."""

    code = "search_invalid"
    message = _("This cannot be searched for.")
    public = ("field",)


class SellerNotFound(DomainError):
    code = "seller_not_found"
    kind = "not_found"
    message = _("There is no such seller.")


class AlreadyASeller(DomainError):
    code = "seller_exists"
    kind = "conflict"
    message = _("This organisation has applied already.")


class SellerStateRefused(DomainError):
    """`data["state"]` is the state that it is in."""

    code = "seller_state_refused"
    kind = "conflict"
    message = _("This cannot be done with a seller in its state.")
    public = ("state",)


class CommissionRefused(DomainError):
    code = "seller_commission_refused"
    message = _("A commission is 0 to 10,000 basis points, from today or a later day on, once a day.")


class SellingGoesOn(DomainError):
    code = "selling_goes_on"
    kind = "conflict"
    message = _("This organisation still has money or orders in the shop: end those first.")
