"""The one base class of every refusal the domain can give.

A refusal is anticipated: it has a name that a program can read, words that a person can read, and facts.
Services raise subclasses that live beside them; pages show `message`, the API answers with `code`. Anything
that is not a `DomainError` is a fault and reaches the error log.
"""

from typing import Any, ClassVar, Literal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Kind = Literal["invalid", "conflict", "forbidden", "not_found", "limited", "unavailable"]


class DomainError(Exception):
    """A refusal by name.

    `kind` says what sort of refusal it is in words of the domain; the edge chooses what that means to its
    caller. `data` holds facts as JSON-able values (amounts in minor units) for logs and for the code that
    catches the error. Only the names in `public` may be shown to whoever asked: a refusal can know another
    person's balance.
    """

    code: ClassVar[str] = "refused"
    kind: ClassVar[Kind] = "invalid"
    message: str | Promise = _("This could not be done.")
    public: ClassVar[tuple[str, ...]] = ()

    def __init__(self, message: str | Promise | None = None, **data: Any) -> None:
        super().__init__(*(() if message is None else (message,)))
        if message is not None:
            self.message = message
        self.data = data

    def __str__(self) -> str:
        return str(self.message)

    @property
    def public_data(self) -> dict[str, Any]:
        return {name: self.data[name] for name in self.public if name in self.data}
