from django.urls import path

from wallet.api import deposits, fees, money_in, views

urlpatterns = [
    path("accounts", views.AccountList.as_view()),
    path("accounts/<str:id>", views.AccountDetail.as_view()),
    path("accounts/<str:id>/limits", views.AccountLimits.as_view()),
    path("accounts/<str:id>/entries", views.EntryList.as_view()),
    path("transactions/<str:id>", views.TransactionDetail.as_view()),
    path("fees/quote", fees.FeeQuoteDetail.as_view()),
    path("transfers", views.TransferCreate.as_view()),
    path("transfers/<str:id>", views.TransferDetail.as_view()),
    path("deposits", deposits.deposits),
    path("deposits/<str:id>", deposits.DepositDetail.as_view()),
    path("cards", money_in.cards),
    path("cards/<str:id>", money_in.CardDetail.as_view()),
    path("account-numbers", money_in.account_numbers),
    path("refunds", money_in.RefundList.as_view()),
    path("refunds/<str:id>", money_in.RefundDetail.as_view()),
]
