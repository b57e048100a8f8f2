from django.urls import path

from accounts.views import referrals

urlpatterns = [
    path("r/<str:code>/", referrals.link, name="referral_link"),
    path("referrals/", referrals.overview, name="referrals"),
    path("referrals/invite/", referrals.invite, name="referral_invite"),
    path("referrals/qr.png", referrals.qr_png, name="referral_qr"),
]
