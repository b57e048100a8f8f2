"""Pages on which somebody looks for a loan and applies."""

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from credit.application_rules import STEPS
from credit.views import applying, consents, deciding, market, overview


class StepConverter(StringConverter):
    """The steps alone: what else stands below an application is another page."""

    regex = "|".join(step.slug for step in STEPS)


register_converter(StepConverter, "loan_step")
OWN = "borrow/applications/<uuid:application_id>/"

urlpatterns = [
    path("borrow/", market.borrow, name="borrow"),
    path("borrow/calculator/", market.calculator, name="loan_calculator"),
    path("borrow/lenders/<uuid:provider_id>/", market.lender, name="lender"),
    path("borrow/mine/", overview.borrowing, name="borrowing"),
    path("borrow/apply/", applying.apply, name="loan_apply"),
    path(OWN, applying.application, name="loan_application"),
    path(f"{OWN}<loan_step:step>/", applying.step, name="loan_application_step"),
    path(f"{OWN}consents/", consents.consents, name="loan_application_consents"),
    path(f"{OWN}send/", applying.send, name="loan_application_send"),
    path(f"{OWN}withdraw/", applying.withdraw, name="loan_application_withdraw"),
    path(f"{OWN}questions/<uuid:question_id>/", applying.answer, name="loan_application_answer"),
    path(f"{OWN}decision/", deciding.decision, name="loan_decision"),
    path(f"{OWN}decision/review/", deciding.review, name="loan_decision_review"),
    path(f"{OWN}decision/dispute/<uuid:report_id>/", deciding.dispute, name="loan_decision_dispute"),
]
