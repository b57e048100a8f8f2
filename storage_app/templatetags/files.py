"""A file in a line: what it is called, and a sign of what it is."""

from django import template

from storage_app.models import Object
from storage_app.services import documents

register = template.Library()

_ICONS = (
    ("image/", "image"),
    ("video/", "film"),
    ("audio/", "music"),
    ("application/pdf", "file-text"),
    ("application/zip", "file-archive"),
    ("application/x-", "file-archive"),
    ("text/", "file-text"),
    ("application/vnd.", "file-spreadsheet"),
)


@register.filter
def title(object: Object) -> str:
    return documents.title_of(object)


@register.filter
def icon_of(content_type: str) -> str:
    return next((icon for start, icon in _ICONS if content_type.startswith(start)), "file")
