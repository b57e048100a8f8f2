"""The shop, for staff: who sells, what is on the shelves, and what was ordered."""

from marketplace.admin import catalogue, orders, sellers

__all__ = ["catalogue", "orders", "sellers"]
