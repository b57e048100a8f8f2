"""A person in a few letters."""

from django import template

register = template.Library()


@register.filter
def initials(name: str) -> str:
    """Return the first letters of the first and the last word."""
    words = name.split()
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])) or "?"
