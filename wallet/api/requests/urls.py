from django.urls import path

from wallet.api.requests import views

urlpatterns = [
    path("payment-requests", views.RequestList.as_view()),
    path("payment-requests/<str:id>", views.RequestDetail.as_view()),
    path("payment-requests/<str:id>/pay", views.RequestPay.as_view()),
    path("payment-requests/<str:id>/decline", views.RequestDecline.as_view()),
    path("payment-requests/<str:id>/cancel", views.RequestCancel.as_view()),
    path("payment-requests/<str:id>/remind", views.RequestRemind.as_view()),
]
