"""Papers of savings: a statement of one for some days, and what interest all of them were paid in a year.

Each says figures that are stored, to the kobo, and keeps all that it says: so it can be drawn again to the letter. The
same figures are the same paper; where they have changed since, it is a new one with a code of its own.
"""

from savings.services.papers.certificates import Certified, certified, issue_certificate, years_of
from savings.services.papers.drawing import certificate_pdf, statement_pdf
from savings.services.papers.statements import PaperDoesNotAddUp, issue_statement

__all__ = [
    "Certified",
    "PaperDoesNotAddUp",
    "certificate_pdf",
    "certified",
    "issue_certificate",
    "issue_statement",
    "statement_pdf",
    "years_of",
]
