from django.urls import path

from savings.api import automatic, closing, groups, money, plans, savings

urlpatterns = [
    path("savings-plans", plans.PlanList.as_view()),
    path("savings-plans/<str:id>", plans.PlanDetail.as_view()),
    path("savings-plans/<str:id>/projection", plans.PlanProjection.as_view()),
    path("savings", savings.SavingList.as_view()),
    path("savings/<str:id>", savings.SavingDetail.as_view()),
    path("savings/<str:id>/pause", savings.SavingPause.as_view()),
    path("savings/<str:id>/resume", savings.SavingResume.as_view()),
    path("savings/<str:id>/cancel", savings.SavingCancel.as_view()),
    path("savings/<str:id>/contributions", money.ContributionList.as_view()),
    path("savings/<str:id>/withdrawals", money.WithdrawalList.as_view()),
    path("savings/<str:id>/withdrawal-cost", money.WithdrawalCost.as_view()),
    path("savings/<str:id>/accruals", money.AccrualList.as_view()),
    path("savings/<str:id>/corrections", money.CorrectionList.as_view()),
    path("savings/<str:id>/closing-quotes", closing.QuoteCreate.as_view()),
    path("savings/<str:id>/closing-quotes/<str:quote>", closing.QuoteDetail.as_view()),
    path("savings/<str:id>/closing-quotes/<str:quote>/accept", closing.QuoteAccept.as_view()),
    path("savings/<str:id>/automatic", automatic.AutomaticList.as_view()),
    path("savings/<str:id>/automatic/<str:automatic>", automatic.AutomaticDetail.as_view()),
    path("savings/<str:id>/automatic/<str:automatic>/pause", automatic.AutomaticPause.as_view()),
    path("savings/<str:id>/automatic/<str:automatic>/resume", automatic.AutomaticResume.as_view()),
    path("savings/<str:id>/automatic/<str:automatic>/skip", automatic.AutomaticSkip.as_view()),
    path("savings/<str:id>/automatic/<str:automatic>/stop", automatic.AutomaticStop.as_view()),
    path("savings/<str:id>/automatic/<str:automatic>/runs", automatic.RunList.as_view()),
    path("savings-groups", groups.GroupList.as_view()),
    path("savings-groups/<str:id>", groups.GroupDetail.as_view()),
]
