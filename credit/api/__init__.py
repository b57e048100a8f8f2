"""Loans as a borrower's own apps see them, and the market as a lender's own systems do."""
