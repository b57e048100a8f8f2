"""Forms check the shape of what was typed; what it means, the services decide."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from accounts.services.organizations import LONGEST_NAME

ROLE_WORDS = {
    Membership.Role.OWNER: _("Owner: everything, also roles and closing it"),
    Membership.Role.ADMIN: _("Administrator: invites and removes members, manages keys"),
    Membership.Role.MEMBER: _("Member: sees the organisation"),
}


class NameForm(forms.Form):
    """What an organisation is called."""

    name = forms.CharField(
        label=_("Name of the organisation"),
        max_length=LONGEST_NAME,
        widget=forms.TextInput({"autocomplete": "organization"}),
    )


class InviteForm(forms.Form):
    """Whom to invite, as what; `mine` says which roles may be offered."""

    email = forms.EmailField(
        label=_("E-mail address"),
        max_length=254,
        widget=forms.EmailInput({"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )
    role = forms.ChoiceField(label=_("Role"))

    def __init__(self, *args: Any, mine: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = [role for role in reversed(Membership.Role) if mine.may_decide_on(role)]
        self.fields["role"].choices = [(role.value, ROLE_WORDS[role]) for role in offered]  # type: ignore[attr-defined]


class RoleForm(forms.Form):
    """What a member shall be."""

    role = forms.ChoiceField(
        label=_("Role"), choices=[(role.value, words) for role, words in ROLE_WORDS.items()]
    )
