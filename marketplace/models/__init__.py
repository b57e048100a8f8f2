from marketplace.models.after import Dispute, ProductImport, RefundRequest, Review, ReviewReport
from marketplace.models.carts import Address, Cart, CartItem, Checkout, Reservation, Wish
from marketplace.models.catalogue import (
    Category,
    DeliveryOption,
    Picture,
    Price,
    Product,
    TaxClass,
    TaxRate,
    Variant,
)
from marketplace.models.orders import Order, OrderChange, OrderItem, OrderMove, Shipment
from marketplace.models.reductions import Promotion, PromotionUse
from marketplace.models.sellers import Seller, SellerCommission

__all__ = [
    "Address",
    "Cart",
    "CartItem",
    "Category",
    "Checkout",
    "DeliveryOption",
    "Dispute",
    "Order",
    "OrderChange",
    "OrderItem",
    "OrderMove",
    "Picture",
    "Price",
    "Product",
    "ProductImport",
    "Promotion",
    "PromotionUse",
    "RefundRequest",
    "Reservation",
    "Review",
    "ReviewReport",
    "Seller",
    "SellerCommission",
    "Shipment",
    "TaxClass",
    "TaxRate",
    "Variant",
    "Wish",
]
