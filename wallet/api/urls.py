from django.urls import path

from wallet.api import bank_accounts, fees, scheduled, views, withdrawals

urlpatterns = [
    path("accounts", views.AccountList.as_view()),
    path("accounts/<str:id>", views.AccountDetail.as_view()),
    path("accounts/<str:id>/limits", views.AccountLimits.as_view()),
    path("accounts/<str:id>/entries", views.EntryList.as_view()),
    path("transactions/<str:id>", views.TransactionDetail.as_view()),
    path("fees/quote", fees.FeeQuoteDetail.as_view()),
    path("transfers", views.TransferCreate.as_view()),
    path("transfers/<str:id>", views.TransferDetail.as_view()),
    path("deposits", views.create_deposit),
    path("deposits/<str:id>", views.DepositDetail.as_view()),
    path("banks", bank_accounts.BankList.as_view()),
    path("bank-accounts", bank_accounts.bank_accounts),
    path("bank-accounts/<str:id>", bank_accounts.BankAccountDetail.as_view()),
    path("withdrawals", withdrawals.WithdrawalList.as_view()),
    path("withdrawals/<str:id>", withdrawals.WithdrawalDetail.as_view()),
    path("scheduled-transfers", scheduled.ScheduledTransferList.as_view()),
    path("scheduled-transfers/<str:id>", scheduled.ScheduledTransferDetail.as_view()),
    path("scheduled-transfers/<str:id>/pause", scheduled.ScheduledTransferPause.as_view()),
    path("scheduled-transfers/<str:id>/resume", scheduled.ScheduledTransferResume.as_view()),
    path("scheduled-transfers/<str:id>/skip", scheduled.ScheduledTransferSkip.as_view()),
    path("scheduled-transfers/<str:id>/runs", scheduled.ScheduledRunList.as_view()),
]
