from django.urls import path

from accounts.wire import admin, codes, own_sessions, public, sign_in, sign_up, social, user, verify

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
    path("otp", codes.Otp.as_view()),
    path("magiclink", codes.Otp.as_view()),
    path("recover", codes.Recover.as_view()),
    path("resend", codes.Resend.as_view()),
    path("reauthenticate", codes.Reauthenticate.as_view()),
    path("verify", verify.verify, name="wire-verify"),
    path("verify/press", verify.press, name="wire-verify-press"),
    path("invite", admin.Invite.as_view()),
    path("admin/users", admin.Users.as_view()),
    path("admin/users/<str:user_id>", admin.OneUser.as_view()),
    path("admin/users/<str:user_id>/factors", admin.Factors.as_view()),
    path("admin/users/<str:user_id>/factors/<str:factor_id>", admin.OneFactor.as_view()),
    path("admin/generate_link", admin.GenerateLink.as_view()),
    path("admin/audit", admin.Trail.as_view()),
    path("authorize", social.authorize),
    path("callback", social.callback),
    path("user/identities/authorize", social.link),
    path("user/identities/<str:identity_id>", social.Identity.as_view()),
]
