"""What can be refused about buying and selling, by name. Amounts in `data` are minor units (kobo)."""

from django.utils.translation import gettext_lazy as _

from core.errors import DomainError


class OrderNotFound(DomainError):
    code = "order_not_found"
    kind = "not_found"
    message = _("There is no such order.")


class CheckoutNotFound(DomainError):
    code = "checkout_not_found"
    kind = "not_found"
    message = _("There is no such checkout.")


class CartEmpty(DomainError):
    code = "cart_empty"
    kind = "conflict"
    message = _("There is nothing in your cart.")


class CartFull(DomainError):
    code = "cart_full"
    kind = "conflict"
    message = _("A cart holds %(most)s different things. Check out, or take something out.")
    public = ("most",)


class CartChanged(DomainError):
    """Something in the cart is not what it was. `data["changes"]` names each: variant, why, was and now.

    `why` is `price` (minor units), `gone`, or `stock` (pieces). The cart has been put right: what is gone is out of it.
    """

    code = "cart_changed"
    kind = "conflict"
    message = _("Some of what is in your cart has changed. Look at it again before you go on.")
    public = ("changes",)


class NotForSale(DomainError):
    code = "variant_not_for_sale"
    kind = "conflict"
    message = _("This is not for sale now.")


class DeliveryRefused(DomainError):
    """`data["seller"]` is whose delivery it is."""

    code = "delivery_refused"
    message = _("Choose how this seller should deliver to your address.")
    public = ("seller",)


class AddressNotFound(DomainError):
    code = "address_not_found"
    kind = "not_found"
    message = _("There is no such address.")


class ReturnsOver(DomainError):
    """`data["until"]` was the last day."""

    code = "order_returns_over"
    kind = "conflict"
    message = _("The days in which this order could be sent back are over.")
    public = ("until",)


class DecidedAlready(DomainError):
    code = "order_decided"
    kind = "conflict"
    message = _(
        "Our staff have decided about this order, and that stands. Write to our support if there is news."
    )


class RefundTooLarge(DomainError):
    """`data["left"]` is what of the order was paid and not given back yet."""

    code = "refund_too_large"
    kind = "conflict"
    message = _("This is more than is left of what was paid.")
    public = ("left",)
