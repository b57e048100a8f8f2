from django.urls import path

from accounts.wire import factors, public, sign_in, user

urlpatterns = [
    path("health", public.Health.as_view()),
    path("settings", public.Settings.as_view()),
    path(".well-known/jwks.json", public.Keys.as_view()),
    path("signup", sign_in.Signup.as_view()),
    path("token", sign_in.Token.as_view()),
    path("user", user.UserView.as_view()),
    path("logout", user.Logout.as_view()),
    path("factors", factors.Factors.as_view()),
    path("factors/<str:id>", factors.One.as_view()),
    path("factors/<str:id>/challenge", factors.Challenge.as_view()),
    path("factors/<str:id>/verify", factors.Verify.as_view()),
]
