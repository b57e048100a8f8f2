"""Marketplace: products, orders, and money held until the goods arrive."""
