"""What a borrower's own apps may ask."""

from django.urls import path

from credit.api import (
    applications,
    consents,
    contracts,
    deciding,
    drawing,
    hardship,
    loans,
    offers,
    products,
    repaying,
)

APPLICATION, LOAN = "loan-applications/<str:id>", "loans/<str:id>"

urlpatterns = [
    path("loan-products", products.ProductList.as_view()),
    path("loan-products/<str:id>", products.ProductDetail.as_view()),
    path("loan-calculations", products.Calculation.as_view()),
    path("loan-applications", applications.ApplicationList.as_view()),
    path(APPLICATION, applications.ApplicationDetail.as_view()),
    path(f"{APPLICATION}/submit", applications.ApplicationSubmit.as_view()),
    path(f"{APPLICATION}/withdraw", applications.ApplicationWithdraw.as_view()),
    path(f"{APPLICATION}/consents", consents.Consents.as_view()),
    path(f"{APPLICATION}/consents/<str:kind>/withdraw", consents.ConsentWithdraw.as_view()),
    path(f"{APPLICATION}/questions/<str:question>/answer", applications.QuestionAnswer.as_view()),
    path(f"{APPLICATION}/decision", deciding.Decision.as_view()),
    path(f"{APPLICATION}/review", deciding.Review.as_view()),
    path(f"{APPLICATION}/reports/<str:report>/dispute", deciding.Dispute.as_view()),
    path(f"{APPLICATION}/offers", offers.Offers.as_view()),
    path(f"{APPLICATION}/accept", offers.Accept.as_view()),
    path(f"{APPLICATION}/contract", contracts.ContractDetail.as_view()),
    path(f"{APPLICATION}/contract/sign", contracts.ContractSign.as_view()),
    path(f"{APPLICATION}/contract/payouts", drawing.PayoutCreate.as_view()),
    path(f"{APPLICATION}/contract/cancel", contracts.ContractCancel.as_view()),
    path(f"{APPLICATION}/contract/agreement.pdf", contracts.ContractPaper.as_view()),
    path("loans", loans.LoanList.as_view()),
    path(LOAN, loans.LoanDetail.as_view()),
    path(f"{LOAN}/schedule", loans.LoanSchedule.as_view()),
    path(f"{LOAN}/schedule-versions", loans.ScheduleVersionList.as_view()),
    path(f"{LOAN}/transactions", loans.TransactionList.as_view()),
    path(f"{LOAN}/repayment-previews", repaying.PreviewCreate.as_view()),
    path(f"{LOAN}/repayments", repaying.RepaymentCreate.as_view()),
    path(f"{LOAN}/refunds", repaying.RefundCreate.as_view()),
    path(f"{LOAN}/payoff-quotes", repaying.QuoteCreate.as_view()),
    path(f"{LOAN}/payoff-quotes/<str:quote>", repaying.QuoteDetail.as_view()),
    path(f"{LOAN}/payoff-quotes/<str:quote>/pay", repaying.QuotePay.as_view()),
    path(f"{LOAN}/hardship-requests", hardship.HardshipList.as_view()),
    path(f"{LOAN}/hardship-requests/<str:hardship>/withdraw", hardship.HardshipWithdraw.as_view()),
    path(f"{LOAN}/proof", loans.LoanProof.as_view()),
    path(f"{LOAN}/statement.pdf", loans.LoanStatement.as_view()),
    path(f"{LOAN}/discharge-letter.pdf", loans.DischargeLetter.as_view()),
]
