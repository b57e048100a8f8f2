"""The forms by which files come in. `capture` lets a phone open its camera at once."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _


class UploadForm(forms.Form):
    """A file chosen or photographed; or, in `uploaded`, the name under which the page already sent it in parts."""

    file = forms.FileField(required=False, allow_empty_file=False, max_length=1000)
    photo = forms.FileField(required=False, allow_empty_file=False, max_length=1000)
    uploaded = forms.CharField(required=False, max_length=1024)

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors and not any(found.get(name) for name in self.fields):
            self.add_error("file", _("Choose a file first."))
        return found

    @property
    def chosen(self) -> "UploadedFile[Any] | None":
        found: UploadedFile[Any] | None = self.cleaned_data["photo"] or self.cleaned_data["file"]
        return found


class RightForm(forms.Form):
    """What a page is about to send in parts."""

    name = forms.CharField(max_length=1000)
    size = forms.IntegerField(min_value=1)
    type = forms.CharField(required=False, max_length=255)
