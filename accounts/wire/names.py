"""The name that others see of somebody who comes by an app."""

from typing import Any

from django.core.exceptions import ValidationError

from accounts.forms import shown_as_written
from accounts.services.sign_up import NAMELESS
from accounts.wire.errors import WireError, validation_failed

LONGEST = 80
# Where apps put it in `data`, the likeliest first.
NAMES = ("display_name", "full_name", "name")


def name_in(data: dict[str, Any]) -> str:
    """The name that an app gave with a sign-up; a neutral one where it gave none. Raises WireError."""
    given = next((data[name] for name in NAMES if data.get(name)), None)
    if given is None:
        return str(NAMELESS)
    if not isinstance(given, str) or len(given) > LONGEST:
        raise validation_failed(f"The name must be text of at most {LONGEST} characters")
    name = " ".join(given.split())
    try:
        shown_as_written(name)
    except ValidationError as error:
        raise validation_failed(" ".join(error.messages)) from None
    return name


def fit_name_in(data: dict[str, Any]) -> str:
    """As `name_in`, where a name that we would not show is no reason to refuse: it stays in their data."""
    try:
        return name_in(data)
    except WireError:
        return str(NAMELESS)
