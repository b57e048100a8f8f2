"""Forms that make one thing however often they are sent: they carry its id, signed for one person and place."""

from typing import Any, cast
from uuid import UUID

from django import forms
from django.core import signing
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from core.ids import uuid7

_FORM_LIFE = 24 * 3600


def new_form_key(place: str) -> str:
    return signing.dumps(str(uuid7()), salt=f"accounts.{place}")


class OnceForm(forms.Form):
    """`place` says what the form makes, for whom and where."""

    form_key = forms.CharField(widget=forms.HiddenInput, max_length=300)

    def __init__(self, *args: Any, place: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.place = place

    def clean_form_key(self) -> UUID:
        """Raises ValidationError for a key of another place or a day old; the form then has a new one."""
        try:
            text = signing.loads(
                self.cleaned_data["form_key"], salt=f"accounts.{self.place}", max_age=_FORM_LIFE
            )
        except signing.BadSignature:
            self.data = cast(QueryDict, self.data).copy()
            self.data["form_key"] = new_form_key(self.place)
            raise forms.ValidationError(
                _("This page was open for too long. Please press the button again.")
            ) from None
        return UUID(text)
