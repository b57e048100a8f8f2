from django.urls import path

from wallet.api.merchants import settlements, views

urlpatterns = [
    path("merchants", views.MerchantList.as_view()),
    path("merchants/<str:id>", views.MerchantDetail.as_view()),
    path("merchants/<str:id>/bank-accounts", settlements.SettlementBankList.as_view()),
    path("settlements", settlements.SettlementList.as_view()),
    path("settlements/<str:id>", settlements.SettlementDetail.as_view()),
    path("payment-links", views.LinkList.as_view()),
    path("payment-links/<str:id>", views.LinkDetail.as_view()),
    path("payment-links/<str:id>/pause", views.LinkPause.as_view()),
    path("payment-links/<str:id>/open", views.LinkOpen.as_view()),
    path("merchant-payments", views.PaymentList.as_view()),
    path("merchant-payments/<str:id>", views.PaymentDetail.as_view()),
    path("merchant-payments/<str:id>/refunds", views.RefundCreate.as_view()),
]
