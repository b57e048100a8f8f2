"""What a token may be given for."""

from django.utils.translation import gettext_lazy as _

ORGANIZATIONS_READ = "organizations:read"
ORGANIZATIONS_WRITE = "organizations:write"

SCOPES = {
    ORGANIZATIONS_READ: _("See organisations and who belongs to them"),
    ORGANIZATIONS_WRITE: _("Invite people to organisations and remove members"),
}
