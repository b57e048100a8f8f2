from django.urls import path

app_name = "dev"
urlpatterns: list[path] = []
