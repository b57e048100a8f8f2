"""What `/api/v1` asks beyond a scope before money moves."""

from typing import cast

from django.utils import timezone
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.api.authentication import KeyCredential, TokenCredential
from accounts.api.oauth import AppAccess
from accounts.models import User
from accounts.step_up import FRESH_FOR, EnrolmentRequired, StepUpRequired, check, session_of
from core.api.scopes import moves_money


class StepUp(BasePermission):
    """Lets through a person whose session has a fresh proof, and programs that were given the scope under one.

    An organisation's key is made and changed under step-up only; an app is given a scope that moves money so.
    """

    refusals = (StepUpRequired, EnrolmentRequired)

    def has_permission(self, request: Request, view: APIView) -> bool:
        match request.auth:
            case TokenCredential():
                check(user=cast(User, request.user), session=session_of(request), at=timezone.now())
                return True
            case KeyCredential():
                return True
            case AppAccess() if moves_money(getattr(view, "required_scope", "")):
                return True
        raise StepUpRequired(max_age=int(FRESH_FOR.total_seconds()), methods=[])
