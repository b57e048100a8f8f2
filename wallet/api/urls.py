from django.urls import include, path

from wallet.api import bank_accounts, deposits, fees, money_in, scheduled, views, withdrawals

urlpatterns = [
    path("", include("wallet.api.merchants.urls")),
    path("", include("wallet.api.requests.urls")),
    path("accounts", views.AccountList.as_view()),
    path("accounts/<str:id>", views.AccountDetail.as_view()),
    path("accounts/<str:id>/limits", views.AccountLimits.as_view()),
    path("accounts/<str:id>/entries", views.EntryList.as_view()),
    path("transactions/<str:id>", views.TransactionDetail.as_view()),
    path("fees/quote", fees.FeeQuoteDetail.as_view()),
    path("transfers", views.TransferCreate.as_view()),
    path("transfers/<str:id>", views.TransferDetail.as_view()),
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
    path("deposits", deposits.deposits),
    path("deposits/<str:id>", deposits.DepositDetail.as_view()),
    path("cards", money_in.cards),
    path("cards/<str:id>", money_in.CardDetail.as_view()),
    path("account-numbers", money_in.account_numbers),
    path("refunds", money_in.RefundList.as_view()),
    path("refunds/<str:id>", money_in.RefundDetail.as_view()),
]
