"""What a borrower's own apps may ask."""

from typing import Any

urlpatterns: list[Any] = []
