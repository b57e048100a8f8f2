from django.urls import path, re_path

from realtime.wire import views

urlpatterns = [
    path("api/broadcast", views.Many.as_view()),
    re_path(r"^api/broadcast/.+$", views.One.as_view()),
    re_path(r"^.*$", views.Nothing.as_view()),
]
