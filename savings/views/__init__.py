"""The customer's pages of savings, one module per journey."""
