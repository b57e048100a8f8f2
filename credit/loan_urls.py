"""Pages of a loan that was paid out."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
