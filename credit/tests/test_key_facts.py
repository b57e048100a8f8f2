"""What is read before signing: screen, paper and offer say the same, and what it says can be followed by hand."""

from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO

import pytest
from pypdf import PdfReader

from accounts.tests.factories import make_person
from core.actors import acting_as_service
from core.templatetags.money import money
from credit.annuity import level_payment
from credit.apr import UnitFlow, apr
from credit.key_facts import Agreed, FiguresDiffer, key_facts, shown
from credit.penalties import LateCharge
from credit.product_rules import ProductRules
from credit.services.agreement_drawing import agreement_pdf
from credit.services.agreement_papers import agreement_of
from credit.tests.agreed import accepted
from credit.tests.world import day, moment
from fractions import Fraction

ON = date(2026, 12, 1)
