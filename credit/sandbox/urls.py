"""Mounted at /sandbox/bureaux/."""

from django.urls import path

from credit.sandbox import views

app_name = "sandbox_bureaux"

urlpatterns = [
    path("", views.control, name="control"),
    path("meridian/v2/enquiries/", views.meridian, name="meridian"),
    path("savanna/inquiry/", views.savanna, name="savanna"),
]
