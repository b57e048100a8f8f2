"""What a key or an app may be given for."""

from django.utils.translation import gettext_lazy as _

from core.api.scopes import declare

WEBHOOKS_READ = "webhooks:read"
WEBHOOKS_WRITE = "webhooks:write"
EVENTS_READ = "events:read"

SCOPES = {
    WEBHOOKS_READ: _("See where an organisation is told of events, and what it was sent"),
    WEBHOOKS_WRITE: _("Choose where an organisation is told of events"),
    EVENTS_READ: _("See what happened in an organisation"),
}

# Whoever chooses where events go hears them all: that is given under a second factor, as moving money is.
declare(SCOPES, moving_money=(WEBHOOKS_WRITE,))
