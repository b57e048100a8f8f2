"""The customer's pages, one module per journey."""
