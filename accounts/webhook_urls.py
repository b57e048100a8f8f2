from django.urls import include, path

from accounts.views import webhook_deliveries, webhooks

of_endpoint = [
    path("", webhook_deliveries.endpoint_page, name="webhook_endpoint"),
    path("change/", webhooks.endpoint_change, name="webhook_change"),
    path("roll/", webhooks.secret_roll, name="webhook_roll"),
    path("switch/", webhooks.endpoint_switch, name="webhook_switch"),
    path("delete/", webhooks.endpoint_delete, name="webhook_delete"),
    path("test/", webhook_deliveries.test_send, name="webhook_test"),
    path("resend/", webhook_deliveries.range_resend, name="webhook_resend_range"),
    path("deliveries/<uuid:delivery_id>/", webhook_deliveries.delivery_page, name="webhook_delivery"),
    path(
        "deliveries/<uuid:delivery_id>/resend/",
        webhook_deliveries.delivery_resend,
        name="webhook_delivery_resend",
    ),
]
urlpatterns = [
    path("", webhooks.endpoint_list, name="webhooks"),
    path("new/", webhooks.endpoint_make, name="webhook_make"),
    path("events/", webhook_deliveries.event_log, name="webhook_events"),
    path("event-types/", webhook_deliveries.event_types, name="webhook_event_types"),
    path("<uuid:endpoint_id>/", include(of_endpoint)),
]
