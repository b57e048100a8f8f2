from django.urls import path

from accounts.wire import own_sessions, public, sign_in, sign_up, user

urlpatterns = [
    path("health", public.Health.as_view()),
    path("settings", public.Settings.as_view()),
    path(".well-known/jwks.json", public.Keys.as_view()),
    path(".well-known/openid-configuration", public.Discovery.as_view()),
    path("signup", sign_up.Signup.as_view()),
    path("token", sign_in.Token.as_view()),
    path("user", user.UserView.as_view()),
    path("user/sessions", own_sessions.OwnSessions.as_view()),
    path("user/sessions/<uuid:session_id>", own_sessions.OwnSession.as_view()),
    path("logout", own_sessions.Logout.as_view()),
]
