from django.urls import path

from accounts.api.organizations import views

urlpatterns = [
    path("organizations", views.OrganizationList.as_view()),
    path("organizations/<str:id>", views.OrganizationDetail.as_view()),
    path("organizations/<str:id>/members", views.MemberList.as_view()),
    path("organizations/<str:id>/members/<str:member>", views.MemberDetail.as_view()),
    path("organizations/<str:id>/invitations", views.InvitationCreate.as_view()),
]
