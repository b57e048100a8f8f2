from django.urls import path

from wallet.views import pay_links, requests, splits

urlpatterns = [
    path("requests/", requests.request_list, name="requests"),
    path("requests/new/", requests.ask, name="request_ask"),
    path("requests/blocked/", requests.blocked, name="request_blocks"),
    path("requests/split/", splits.split, name="request_split"),
    path("requests/split/<uuid:split_id>/", splits.split_page, name="split_bill"),
    path("requests/links/", pay_links.links, name="pay_links"),
    path("requests/links/<uuid:link_id>/qr.png", pay_links.qr_png, name="pay_link_qr"),
    path("requests/links/<uuid:link_id>/end/", pay_links.end, name="pay_link_end"),
    path("requests/<uuid:request_id>/", requests.request_page, name="request"),
    path("requests/<uuid:request_id>/pay/", requests.pay, name="request_pay"),
    path("requests/<uuid:request_id>/decline/", requests.decline, name="request_decline"),
    path("requests/<uuid:request_id>/act/", requests.act, name="request_act"),
    path("to/<str:slug>/", pay_links.follow, name="pay_me"),
]
