"""Pages on which somebody looks for a loan and applies."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
