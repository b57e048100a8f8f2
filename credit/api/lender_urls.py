"""What a lender's own systems may ask."""

from typing import Any

urlpatterns: list[Any] = []
