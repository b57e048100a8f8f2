"""A loan agreement as tagged PDF: what the paper keeps, so the same bytes each time."""

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import override

from credit import agreement_words
from wallet.models import Document
from wallet.services import papers


def agreement_pdf(document: Document) -> bytes:
    """Return the key facts and the schedule, with the hash that is signed."""
    told = document.facts
    currency = told["currency"]
    with override(document.language):
        rows = [
            [str(number), date_format(due, "j M Y"), *(papers.figure(amount, currency) for amount in amounts)]
            for number, due, *amounts in agreement_words.schedule(told)
        ]
        return papers.draw(
            template="agreement",
            document=document,
            facts={
                "title": _("Loan agreement"),
                "period": told["number"],
                "facts": [
                    (_("Borrower"), told["borrower"]),
                    (_("Loan"), told["number"]),
                    (_("Issued"), papers.moment(document.issued_at)),
                ],
                "sums": agreement_words.headline(told),
                "sections": [
                    {"title": one.title, "rows": one.rows, "note": one.note}
                    for one in agreement_words.sections(told)
                ],
                "rows": rows,
                "total": [papers.figure(sum(row[at] for row in told["rows"]), currency) for at in (2, 3, 4)],
                "words": {
                    "schedule": _("Every instalment"),
                    "as_of": agreement_words.as_of(told),
                    "total": _("Together"),
                    "columns": [
                        _("No."),
                        _("Due"),
                        _("Interest"),
                        _("Of the loan"),
                        _("Instalment"),
                        _("Left %(currency)s") % {"currency": currency},
                    ],
                    "signed": _(
                        "Borrower and lender sign what has this SHA-256, each in their own name. It was taken of all "
                        "the terms when the offer was accepted; other terms have another."
                    ),
                },
            },
        )
