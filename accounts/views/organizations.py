"""The organisations of a person: founding, seeing, choosing, renaming, leaving and closing them."""

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts import organizations as current
from accounts.models import Membership
from accounts.organization_forms import InviteForm, NameForm
from accounts.requests import PersonRequest
from accounts.services import organizations
from accounts.step_up import step_up_required
from core.errors import DomainError

RANK = {Membership.Role.OWNER: 0, Membership.Role.ADMIN: 1, Membership.Role.MEMBER: 2}


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def organization_list(request: PersonRequest) -> HttpResponse:
    """The organisations one belongs to; a POST founds one."""
    form = NameForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            made = organizations.create(owner=request.user, name=form.cleaned_data["name"])
        except DomainError as refusal:
            form.add_error("name", str(refusal))
        else:
            current.choose(request, made)
            messages.success(request, _("%(name)s is ready: invite who belongs to it.") % {"name": made.name})
            return redirect("organization", made.slug)
    mine = Membership.objects.filter(user=request.user, organization__closed_at=None)
    context = {
        "memberships": list(mine.select_related("organization").order_by("organization__name", "pk")),
        "current": current.current_organization(request),
        "form": form,
    }
    return render(request, "organizations/list.html", context, status=422 if form.errors else 200)


@require_POST
def organization_switch(request: PersonRequest) -> HttpResponse:
    """Choose the organisation to act for in this browser; none: oneself."""
    slug = request.POST.get("organization", "")
    chosen = membership_in(request, slug).organization if slug else None
    current.choose(request, chosen)
    who = chosen.name if chosen else _("yourself")
    messages.success(request, _("You now act for %(name)s.") % {"name": who})
    return redirect("organizations")


@never_cache
@require_http_methods(["GET", "HEAD"])
def organization_page(request: PersonRequest, slug: str) -> HttpResponse:
    return draw(request, membership_in(request, slug))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def organization_rename(request: PersonRequest, slug: str) -> HttpResponse:
    mine = membership_in(request, slug)
    if not mine.owns:
        raise Http404
    if request.method != "POST":
        form = NameForm(initial={"name": mine.organization.name})
        return render(request, "organizations/rename.html", {"mine": mine, "form": form})
    form = NameForm(request.POST)
    if form.is_valid():
        try:
            organizations.rename(
                organization_id=mine.organization_id, by=request.user, name=form.cleaned_data["name"]
            )
        except DomainError as refusal:
            form.add_error("name", str(refusal))
        else:
            messages.success(request, _("The name is changed."))
            return redirect("organization", slug)
    return render(request, "organizations/rename.html", {"mine": mine, "form": form}, status=422)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def organization_leave(request: PersonRequest, slug: str) -> HttpResponse:
    mine = membership_in(request, slug)
    context = {"mine": mine}
    if request.method != "POST":
        return render(request, "organizations/leave.html", context)
    try:
        organizations.leave(organization_id=mine.organization_id, by=request.user, at=timezone.now())
    except DomainError as refusal:
        return render(request, "organizations/leave.html", {**context, "refusal": refusal}, status=422)
    messages.success(request, _("You left %(name)s.") % {"name": mine.organization.name})
    return redirect("organizations")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def organization_close(request: PersonRequest, slug: str) -> HttpResponseBase:
    mine = membership_in(request, slug)
    if not mine.owns:
        raise Http404
    closed: HttpResponseBase = _close(request, mine)
    return closed


@step_up_required
def _close(request: PersonRequest, mine: Membership) -> HttpResponse:
    """Ask, then close it; the owner is known to be one."""
    context = {"mine": mine}
    if request.method != "POST":
        return render(request, "organizations/close.html", context)
    try:
        organizations.close(organization_id=mine.organization_id, by=request.user, at=timezone.now())
    except DomainError as refusal:
        return render(request, "organizations/close.html", {**context, "refusal": refusal}, status=422)
    messages.success(request, _("%(name)s is closed.") % {"name": mine.organization.name})
    return redirect("organizations")


def membership_in(request: PersonRequest, slug: str) -> Membership:
    """What the person is in the organisation of this address; another's is as unknown as none: raises Http404."""
    mine = Membership.objects.filter(user=request.user).select_related("organization")
    return get_object_or_404(mine, organization__slug=slug, organization__closed_at=None)


def draw(
    request: PersonRequest,
    mine: Membership,
    *,
    form: InviteForm | None = None,
    refusal: DomainError | None = None,
) -> HttpResponse:
    """The page of an organisation, with a form or a refusal that came of what was pressed on it."""
    organization = mine.organization
    members = list(organization.memberships.order_by("pk"))
    organizations.know(members)
    members.sort(key=lambda member: RANK[Membership.Role(member.role)])
    invitations = []
    if mine.manages:
        # The keyed hash of the token stays with the service.
        invitations = list(organization.invitations.standing().defer("digest").order_by("-pk"))
        form = form or InviteForm(mine=mine)
    context = {
        "mine": mine,
        "organization": organization,
        "members": [(member, member.pk != mine.pk and mine.may_decide_on(member.role)) for member in members],
        "invitations": [(each, mine.may_decide_on(each.role)) for each in invitations],
        "now": timezone.now(),
        "form": form,
        "refusal": refusal,
    }
    failed = refusal is not None or (form is not None and bool(form.errors))
    return render(request, "organizations/organization.html", context, status=422 if failed else 200)
