from django.urls import path

from savings.views import choosing, groups, papers

urlpatterns = [
    path("savings/interest-free/", choosing.interest_choice, name="interest_choice"),
    path("savings/groups/", groups.groups, name="savings_groups"),
    path("savings/groups/new/", groups.make, name="savings_group_make"),
    path("savings/groups/join/", groups.code, name="savings_group_code"),
    path("savings/groups/join/<str:code>/", groups.join, name="savings_group_join"),
    path("savings/groups/<uuid:pk>/", groups.group, name="savings_group"),
    path("savings/groups/<uuid:pk>/close/", groups.close, name="savings_group_close"),
    path("savings/groups/<uuid:pk>/link/", groups.renew, name="savings_group_renew"),
    path("savings/certificates/", papers.certificates, name="savings_certificates"),
    path("savings/certificates/<int:year>.pdf", papers.certificate, name="savings_certificate"),
    path("savings/<uuid:pk>/papers/", papers.papers, name="saving_papers"),
    path("savings/<uuid:pk>/papers/statement.pdf", papers.statement, name="saving_statement"),
]
