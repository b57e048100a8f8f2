"""How staff see what tells how to reach a person, until they say why they need it."""

import re

DOTS = "•••"
_EMAIL = re.compile(r"[^\s@<>\"',]+@[^\s@<>\"',]+\.[^\s@<>\"',]+")


def masked_email(address: str) -> str:
    """`ada@mail.com` as `a•••@mail.com`."""
    name, at, domain = address.partition("@")
    return f"{name[:1]}{DOTS}{at}{domain}" if address else ""


def masked_phone(number: str) -> str:
    """The last two digits of a number."""
    return f"{DOTS}{number[-2:]}" if number else ""


def masked_name(name: str) -> str:
    """`Adaeze` as `A•••`, whatever its length."""
    return f"{name[:1]}{DOTS}" if name else ""


def masked_text(text: str) -> str:
    """A text with each e-mail address in it masked."""
    return _EMAIL.sub(lambda found: masked_email(found.group()), text)
