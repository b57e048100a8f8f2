from django.urls import path

from wallet import webhook_views

urlpatterns = [
    path("webhooks/paystack/", webhook_views.paystack, name="webhook_paystack"),
]
