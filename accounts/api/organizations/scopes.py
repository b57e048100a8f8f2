"""What a key or an app may be given for."""

from django.utils.translation import gettext_lazy as _

from core.api.scopes import declare

ORGANIZATIONS_READ = "organizations:read"
ORGANIZATIONS_WRITE = "organizations:write"

SCOPES = {
    ORGANIZATIONS_READ: _("See organisations and who belongs to them"),
    ORGANIZATIONS_WRITE: _("Invite people to organisations and remove members"),
}

declare(SCOPES)
