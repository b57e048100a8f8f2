"""The shop, for staff: who sells, what is on the shelves, and what was ordered."""

from marketplace.admin import catalogue, orders, sellers, sellers_form

__all__ = ["catalogue", "orders", "sellers", "sellers_form"]
