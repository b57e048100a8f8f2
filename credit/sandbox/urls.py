"""Mounted at /sandbox/bureaux/."""

from django.urls import path

from credit.sandbox import views

app_name = "sandbox_bureaux"

urlpatterns = [
    path("", views.control, name="control"),
    path("meridian/v2/enquiries/", views.meridian, name="meridian"),
    path("meridian/v2/files/", views.meridian_files, name="meridian_files"),
    path("savanna/upload/", views.savanna_files, name="savanna_files"),
    path("savanna/inquiry/", views.savanna, name="savanna"),
]
