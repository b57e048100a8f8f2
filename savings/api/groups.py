"""Groups, as their members see them. They are made and joined in Alajo itself."""

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.ids import IdField
from core.api.pagination import CursorPagination
from core.api.schema import example
from core.api.serializers import InstantField, MoneyField, ObjectField
from savings.api import examples
from savings.api.base import SavingsView
from savings.events import GROUP, PLAN
from savings.models import SavingsGroup
from savings.refusals import GroupNotFound
from savings.services import grouping
from wallet.api.callers import caller


class SavingsGroupSerializer(serializers.Serializer[SavingsGroup]):
    """One goal that several people save for, each in a saving of their own."""

    id = IdField(GROUP)
    object = ObjectField("savings_group")
    plan = IdField(PLAN, source="plan_id")
    name = serializers.CharField()
    target = MoneyField(help_text=_("For all together."))
    currency = serializers.CharField(source="plan.currency_id", help_text=_("ISO 4217."))
    target_date = serializers.DateField()
    is_organised_by_you = serializers.SerializerMethodField()
    is_closed = serializers.SerializerMethodField(help_text=_("Whether it takes no new people."))
    created_at = InstantField(source="made_at")

    def get_is_organised_by_you(self, group: SavingsGroup) -> bool:
        return bool(group.organiser_id == self.context["request"].user.pk)

    def get_is_closed(self, group: SavingsGroup) -> bool:
        return group.closed_at is not None


class GroupMemberSerializer(serializers.Serializer[grouping.Member]):
    """What one member has saved. `share` is their part of all of it, in thousandths."""

    display_name = serializers.CharField(source="name")
    saved = MoneyField()
    share = serializers.IntegerField()
    is_organiser = serializers.BooleanField()


class SavingsGroupDetailSerializer(SavingsGroupSerializer):
    """A group with its members, for whoever saves in it; for others who know of it they are null."""

    saved = MoneyField(allow_null=True)
    percent = serializers.IntegerField(allow_null=True, help_text=_("Of the target; never more than 100."))
    members = GroupMemberSerializer(many=True, allow_null=True)


class GroupList(SavingsView, ListAPIView[SavingsGroup]):
    serializer_class = SavingsGroupSerializer  # type: ignore[assignment]
    pagination_class = CursorPagination
    cursor_prefix = GROUP

    def get_queryset(self) -> QuerySet[SavingsGroup]:
        return SavingsGroup.objects.visible_to(self.request.user).select_related("plan")

    @extend_schema(
        operation_id="list_savings_groups", summary="List your groups", examples=[example(examples.GROUP)]
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The groups that you save in, and those that you made; newest first."""
        return self.list(request)


class GroupDetail(SavingsView):
    serializer_class = SavingsGroupDetailSerializer
    key_prefix = GROUP

    @extend_schema(
        operation_id="get_savings_group", summary="Get a group", examples=[example(examples.GROUP_DETAIL)]
    )
    def get(self, request: Request, id: str) -> Response:
        """One of your groups, with what each of its members has saved."""
        group = get_object_or_404(
            SavingsGroup.objects.visible_to(request.user).select_related("plan"), pk=self.key()
        )
        try:
            together = grouping.together(group=group, user=caller(request))
        except GroupNotFound:
            together = None
        for name in ("saved", "percent", "members"):
            setattr(group, name, getattr(together, name, None))
        return Response(self.get_serializer(group).data)
