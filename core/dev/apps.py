from django.apps import AppConfig


class DevConfig(AppConfig):
    name = "core.dev"
    label = "dev"
