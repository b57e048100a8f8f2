from django.urls import path

from accounts.api.webhooks import deliveries, endpoints, events

urlpatterns = [
    path("webhook-endpoints", endpoints.EndpointList.as_view()),
    path("webhook-endpoints/<str:id>", endpoints.EndpointDetail.as_view()),
    path("webhook-endpoints/<str:id>/roll-secret", endpoints.RollSecret.as_view()),
    path("webhook-endpoints/<str:id>/test", endpoints.SendTest.as_view()),
    path("webhook-endpoints/<str:id>/resend", endpoints.ResendRange.as_view()),
    path("webhook-deliveries", deliveries.DeliveryList.as_view()),
    path("webhook-deliveries/<str:id>", deliveries.DeliveryDetail.as_view()),
    path("webhook-deliveries/<str:id>/resend", deliveries.DeliveryResend.as_view()),
    path("events", events.EventList.as_view()),
    path("events/<str:id>", events.EventDetail.as_view()),
    path("event-types", events.EventTypeList.as_view()),
]
