"""Who belongs to an organisation: inviting, joining, changing roles, removing."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts import organizations as current
from accounts.models import Membership
from accounts.organization_forms import InviteForm, RoleForm
from accounts.requests import PersonRequest
from accounts.services import invitations, organizations
from accounts.views.organizations import draw, membership_in
from core.errors import DomainError

GONE = 410


@never_cache
@require_POST
def organization_invite(request: PersonRequest, slug: str) -> HttpResponse:
    mine = membership_in(request, slug)
    if not mine.manages:
        return draw(request, mine, refusal=organizations.RoleNotEnough())
    form = InviteForm(request.POST, mine=mine)
    if not form.is_valid():
        return draw(request, mine, form=form)
    email = form.cleaned_data["email"]
    try:
        invitations.invite(
            organization_id=mine.organization_id,
            by=request.user,
            email=email,
            role=form.cleaned_data["role"],
            at=timezone.now(),
        )
    except DomainError as refusal:
        form.add_error("email", str(refusal))
        return draw(request, mine, form=form)
    messages.success(request, _("An invitation is on its way to %(email)s.") % {"email": email})
    return redirect("organization", slug)


@never_cache
@require_POST
def invitation_resend(request: PersonRequest, slug: str, invitation_id: UUID) -> HttpResponse:
    return _pressed(
        request, slug, invitation_id, invitations.resend, _("A new invitation is sent; the old link is dead.")
    )


@never_cache
@require_POST
def invitation_withdraw(request: PersonRequest, slug: str, invitation_id: UUID) -> HttpResponse:
    return _pressed(request, slug, invitation_id, invitations.withdraw, _("The invitation is withdrawn."))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def organization_member(request: PersonRequest, slug: str, membership_id: UUID) -> HttpResponse:
    """One member; a POST gives them another role."""
    mine = membership_in(request, slug)
    member = _member(mine, membership_id)
    if request.method != "POST":
        return _member_page(request, mine, member)
    form = RoleForm(request.POST)
    if not form.is_valid():
        return _member_page(request, mine, member, form=form)
    try:
        organizations.change_role(
            organization_id=mine.organization_id,
            membership_id=member.pk,
            by=request.user,
            role=form.cleaned_data["role"],
            at=timezone.now(),
        )
    except DomainError as refusal:
        return _member_page(request, mine, member, refusal=refusal)
    messages.success(request, _("The role is changed."))
    return redirect("organization", slug)


@never_cache
@require_POST
def organization_remove(request: PersonRequest, slug: str, membership_id: UUID) -> HttpResponse:
    mine = membership_in(request, slug)
    member = _member(mine, membership_id)
    try:
        organizations.remove(
            organization_id=mine.organization_id,
            membership_id=member.pk,
            by=request.user,
            at=timezone.now(),
        )
    except DomainError as refusal:
        return _member_page(request, mine, member, refusal=refusal)
    name = organizations.name_of(member.user)
    messages.success(request, _("%(name)s no longer belongs here.") % {"name": name})
    return redirect("organizations") if member.pk == mine.pk else redirect("organization", slug)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def organization_join(request: PersonRequest, token: str) -> HttpResponse:
    """What a mailed link offers. Opening it changes nothing, since programs open links too; the button does."""
    at = timezone.now()
    try:
        offer = invitations.look_at(token=token, by=request.user, at=at)
        if request.method == "POST":
            joined = invitations.accept(token=token, by=request.user, at=at)
            current.choose(request, joined.organization)
            messages.success(request, _("Welcome to %(name)s.") % {"name": joined.organization.name})
            return redirect("organization", joined.organization.slug)
    except invitations.InvitationNotFound as refusal:
        return render(request, "organizations/join.html", {"refusal": refusal}, status=404)
    except invitations.InvitationForAnother as refusal:
        context = {"address": refusal.data["address"], "token": token}
        return render(request, "organizations/join_other.html", context, status=403)
    except DomainError as refusal:
        return render(request, "organizations/join.html", {"refusal": refusal}, status=GONE)
    context = {
        "offer": offer,
        "inviter": organizations.name_of(offer.invited_by),
        "me": organizations.name_of(request.user),
        "token": token,
    }
    return render(request, "organizations/join.html", context)


def _pressed(
    request: PersonRequest, slug: str, invitation_id: UUID, service: Callable[..., object], done: str
) -> HttpResponse:
    mine = membership_in(request, slug)
    try:
        service(
            organization_id=mine.organization_id,
            invitation_id=invitation_id,
            by=request.user,
            at=timezone.now(),
        )
    except DomainError as refusal:
        return draw(request, mine, refusal=refusal)
    messages.success(request, done)
    return redirect("organization", slug)


def _member(mine: Membership, membership_id: UUID) -> Membership:
    member = get_object_or_404(mine.organization.memberships, pk=membership_id)
    organizations.know([member])
    return member


def _member_page(
    request: PersonRequest,
    mine: Membership,
    member: Membership,
    *,
    form: RoleForm | None = None,
    refusal: DomainError | None = None,
) -> HttpResponse:
    context = {
        "mine": mine,
        "member": member,
        "form": (form or RoleForm(initial={"role": member.role})) if mine.owns else None,
        "removable": member.pk != mine.pk and mine.may_decide_on(member.role),
        "refusal": refusal,
    }
    failed = refusal is not None or form is not None
    return render(request, "organizations/member.html", context, status=422 if failed else 200)
