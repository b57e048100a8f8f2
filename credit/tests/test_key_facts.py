"""What is read before signing: screen, paper and offer say the same, and what it says can be followed by hand."""

from datetime import date

ON = date(2026, 12, 1)
