from django.urls import path

from core.dev import views

app_name = "dev"
urlpatterns = [
    path("texts/", views.text_list, name="texts"),
    path("mail/", views.mail_list, name="mails"),
    path("mail/<slug:name>/", views.mail_detail, name="mail"),
    path("mail/<slug:name>/html/", views.mail_html, name="mail_html"),
    path("hooks/<slug:name>/", views.hook, name="hook"),
    path("hooks/<slug:name>/bid/", views.hook_bid, name="hook_bid"),
]
