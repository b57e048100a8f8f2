"""What staff fill in where the two sides of an account are put together."""

from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.staff_actions import ReasonForm
from core.staff import as_uuid


class WordsForm(ReasonForm):
    """Why, where nobody but staff ever reads it."""

    reason = forms.CharField(
        label=_("Reason"),
        min_length=10,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Kept in the audit trail with your name."),
    )


class MatchForm(WordsForm):
    """The other side: of what may fit, or by id."""

    others = forms.MultipleChoiceField(
        label=_("What may belong to it"), required=False, widget=forms.CheckboxSelectMultiple
    )
    ids = forms.CharField(
        label=_("Others, by id"),
        required=False,
        max_length=2000,
        help_text=_("Rows of the gateway or postings of ours, one after the other with spaces between."),
    )
    field_order = ("others", "ids", "reason")

    def __init__(self, *args: Any, choices: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others: Any = self.fields["others"]
        others.choices = choices
        if not choices:
            del self.fields["others"]

    def clean_ids(self) -> list[UUID]:
        found = [as_uuid(word) for word in self.cleaned_data["ids"].split()]
        if None in found:
            raise forms.ValidationError(_("One of these is no id."))
        return [key for key in found if key is not None]

    def chosen(self) -> list[UUID]:
        return [*map(UUID, self.cleaned_data.get("others", [])), *self.cleaned_data["ids"]]
