"""Pages of offers, and of agreeing on one."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
