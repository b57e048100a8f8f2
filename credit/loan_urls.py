"""Pages of a loan that was paid out."""

from django.urls import path

from credit.views import helping, loan_papers, loans, proof, repaying

urlpatterns = [
    path("loans/<uuid:loan_id>/", loans.loan, name="loan"),
    path("loans/<uuid:loan_id>/schedule/", loans.schedule, name="loan_schedule"),
    path("loans/<uuid:loan_id>/refund/", loans.give_back, name="loan_refund"),
    path("loans/<uuid:loan_id>/pay/", repaying.pay, name="loan_repay"),
    path("loans/<uuid:loan_id>/payoff/", repaying.payoff, name="loan_payoff"),
    path("loans/<uuid:loan_id>/statement/", loan_papers.statement, name="loan_statement"),
    path("loans/<uuid:loan_id>/letter/", loan_papers.letter, name="loan_letter"),
    path("loans/<uuid:loan_id>/help/", helping.loan_help, name="loan_help"),
    path("loans/<uuid:loan_id>/proof/", proof.loan_proof, name="loan_proof"),
]
