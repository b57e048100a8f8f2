"""Pages of an organisation that lends."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
