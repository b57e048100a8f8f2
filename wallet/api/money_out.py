"""What the views of money out have in common: a scope for reading and one for writing, and a proof where it is due."""

from typing import Any, ClassVar

from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request

from accounts.api.permissions import StepUp
from core.api.views import ApiView


class MoneyOutView(ApiView):
    """`reads` and `writes` are its scopes; the methods in `proven` ask a person for a second factor."""

    reads: ClassVar[str]
    writes: ClassVar[str]
    proven: ClassVar[tuple[str, ...]] = ("POST",)
    request: Request

    @property
    def required_scope(self) -> str:  # type: ignore[override]
        return self.reads if self.request.method in SAFE_METHODS else self.writes

    def get_permissions(self) -> list[Any]:
        permissions = [*super().get_permissions()]
        return [*permissions, StepUp()] if self.request.method in self.proven else permissions

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if request.method == "POST":
            # What a list may be asked, the making of one may not.
            self.pagination_class = None  # type: ignore[assignment]
        super().initial(request, *args, **kwargs)
