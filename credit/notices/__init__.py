"""What borrowers and lenders are told of loans, and its words: a module for each part of a loan's life."""

from django.utils.translation import gettext_lazy as _

from accounts import notice_kinds
from accounts.models import Channel
from accounts.notice_kinds import Kind
from credit.notices import agreeing, applying, closing, hardship, offers, scoring, servicing

LOANS = "LOANS"


def register() -> None:
    notice_kinds.register(
        Kind(
            LOANS,
            _("Loans"),
            _("Your applications and loans: offers, decisions, instalments, and what is late."),
            "hand-coins",
            ("loan.",),
            frozenset({Channel.IN_APP, Channel.EMAIL, Channel.PUSH}),
        )
    )
    agreeing.register()
    applying.register()
    closing.register()
    hardship.register()
    offers.register()
    scoring.register()
    servicing.register()
