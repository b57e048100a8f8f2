"""What a lender's own systems may ask."""

from django.urls import path

from credit.api import lender_bids, lender_contracts, lender_loans, lender_rules

urlpatterns = [
    path("lending/lenders", lender_rules.LenderList.as_view()),
    path("lending/summary", lender_rules.Summary.as_view()),
    path("lending/products", lender_rules.ProductList.as_view()),
    path("lending/products/<str:id>", lender_rules.ProductDetail.as_view()),
    path("lending/rules", lender_rules.RuleList.as_view()),
    path("lending/rules/<str:id>", lender_rules.RuleDetail.as_view()),
    path("lending/rules/<str:id>/pause", lender_rules.RulePause.as_view()),
    path("lending/rules/<str:id>/resume", lender_rules.RuleResume.as_view()),
    path("lending/rules/<str:id>/end", lender_rules.RuleEnd.as_view()),
    path("lending/applications", lender_bids.ApplicationList.as_view()),
    path("lending/applications/<str:id>", lender_bids.ApplicationDetail.as_view()),
    path("lending/bids", lender_bids.BidList.as_view()),
    path("lending/bids/<str:id>", lender_bids.BidDetail.as_view()),
    path("lending/bids/<str:id>/withdraw", lender_bids.BidWithdraw.as_view()),
    path("lending/contracts", lender_contracts.ContractList.as_view()),
    path("lending/contracts/<str:id>", lender_contracts.ContractDetail.as_view()),
    path("lending/contracts/<str:id>/sign", lender_contracts.ContractSign.as_view()),
    path("lending/contracts/<str:id>/refuse", lender_contracts.ContractRefuse.as_view()),
    path("lending/loans", lender_loans.LoanList.as_view()),
    path("lending/loans/<str:id>", lender_loans.LoanDetail.as_view()),
    path("lending/loans/<str:id>/schedule", lender_loans.LoanSchedule.as_view()),
    path("lending/loans/<str:id>/transactions", lender_loans.TransactionList.as_view()),
]
