from django.urls import path

from accounts.wire import public, sign_in, social, user

urlpatterns = [
    path("health", public.Health.as_view()),
    path("settings", public.Settings.as_view()),
    path(".well-known/jwks.json", public.Keys.as_view()),
    path("signup", sign_in.Signup.as_view()),
    path("token", sign_in.Token.as_view()),
    path("user", user.UserView.as_view()),
    path("logout", user.Logout.as_view()),
    path("authorize", social.authorize),
    path("callback", social.callback),
    path("user/identities/authorize", social.link),
    path("user/identities/<str:identity_id>", social.Identity.as_view()),
]
