"""Webhooks and events as programs see them: those of an organisation that a person manages, or whose key calls."""
