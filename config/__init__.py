"""Wiring: settings, addresses, the ASGI application, background work. Imports any app; no app imports it."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
