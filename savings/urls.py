from django.urls import path

from savings.views import choosing

urlpatterns = [
    path("savings/interest-free/", choosing.interest_choice, name="interest_choice"),
]
