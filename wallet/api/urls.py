from django.urls import path

from wallet.api import fees, views

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
]
