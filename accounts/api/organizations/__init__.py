"""Organisations as programs see them: a person's own, or the one whose key calls."""
