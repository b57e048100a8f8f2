"""How savers read that the terms of their plan change."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import notice_words
from accounts.notice_words import Said
from savings.services.telling import EVENT


def register() -> None:
    notice_words.register(_terms, EVENT)


def _terms(event: str, data: Mapping[str, Any]) -> Said:
    words = {"name": data["name"], "day": date_format(date.fromisoformat(data["from_date"]))}
    if data["was"] != data["rates"]:
        title = _("The interest on %(name)s changes on %(day)s") % words
        note = f"{data['was']} → {data['rates']}"
    else:
        title, note = _("The terms of %(name)s change on %(day)s") % words, ""
    return Said(
        title=title,
        icon="percent",
        href=reverse("saving", args=[data["saving"]]),
        outside=gettext_lazy("The terms of one of your savings change"),
        note=note,
    )
