from django.urls import path

from savings.views import choosing, ending, interest, moving, opening, overview, plans, saving, settings

urlpatterns = [
    path("savings/interest-free/", choosing.interest_choice, name="interest_choice"),
    path("savings/", overview.savings, name="savings"),
    path("savings/plans/", plans.plans, name="savings_plans"),
    path("savings/plans/<slug:slug>/", plans.plan, name="savings_plan"),
    path("savings/plans/<slug:slug>/open/", opening.open_saving, name="saving_open"),
    path("savings/plans/<slug:slug>/review/", opening.review, name="saving_review"),
    path("savings/<uuid:pk>/", saving.saving, name="saving"),
    path("savings/<uuid:pk>/interest/", interest.interest, name="saving_interest"),
    path("savings/<uuid:pk>/add/", moving.add, name="saving_add"),
    path("savings/<uuid:pk>/withdraw/", moving.withdraw, name="saving_withdraw"),
    path("savings/<uuid:pk>/end/", ending.end, name="saving_end"),
    path("savings/<uuid:pk>/settings/", settings.settings, name="saving_settings"),
]
