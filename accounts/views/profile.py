"""How one is shown to others, and the picture among it."""

from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import Profile
from accounts.requests import PersonRequest
from accounts.services import avatars
from core.actors import acting_as, outside_transaction
from core.errors import DomainError
from storage_app.form_uploads import brought_too_much
from storage_app.forms import UploadForm
from storage_app.services import documents
from storage_app.services.documents import UploadRight
from storage_app.services.pictures import PictureTooLarge
from storage_app.views import right_answer


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@outside_transaction
def profile(request: PersonRequest) -> HttpResponse:
    """What others see; a POST brings a picture."""
    if request.method != "POST":
        return _page(request, UploadForm())
    form = UploadForm(request.POST, request.FILES)
    if brought_too_much(request):
        form.add_error("file", str(PictureTooLarge.message))
    if form.is_valid():
        try:
            _choose(request, form)
        except DomainError as refusal:
            form.add_error("file", str(refusal))
        else:
            messages.success(request, _("This is how others see you now."))
            return redirect("profile")
    return _page(request, form, HTTPStatus.UNPROCESSABLE_ENTITY)


def _choose(request: PersonRequest, form: UploadForm) -> None:
    chosen, at = form.chosen, timezone.now()
    if chosen is None:
        avatars.choose_sent(user=request.user, name=form.cleaned_data["uploaded"], at=at)
    else:
        avatars.choose(user=request.user, source=chosen.chunks(), at=at)


def _page(request: PersonRequest, form: UploadForm, status: int = HTTPStatus.OK) -> HttpResponse:
    with acting_as(request.user):
        found = Profile.objects.filter(user=request.user).first()
        return render(request, "profile/profile.html", {"form": form, "profile": found}, status=status)


@require_POST
@outside_transaction
def picture_right(request: PersonRequest) -> HttpResponse:
    """The right to send a picture in parts, which `profile` then takes over."""

    def asked(facts: dict[str, Any]) -> UploadRight:
        return documents.right_to_send(
            owner=request.user, content_type=facts["type"], size=facts["size"], at=timezone.now()
        )

    return right_answer(request, asked)


@require_POST
@outside_transaction
def picture_remove(request: PersonRequest) -> HttpResponse:
    avatars.forget(user=request.user, at=timezone.now())
    messages.success(request, _("You are shown by your initials again."))
    return redirect("profile")
