"""A page on which staff do one thing: what it is, what it asks for, and a proof of who they are."""

from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise

from accounts.step_up import step_up_required
from core.errors import DomainError

Run = Callable[[forms.Form, datetime], HttpResponse]


def deed(
    request: HttpRequest,
    *,
    permission: str,
    title: str | Promise,
    text: str | Promise,
    form_class: Callable[..., forms.Form],
    run: Run,
    back: str,
) -> HttpResponse:
    """Ask who it is once more and for what the deed needs, and on a POST do it. Raises PermissionDenied."""
    if not request.user.has_perm(permission):
        raise PermissionDenied
    answer: HttpResponse = _deed(request, title, text, form_class, run, back)
    return answer


@step_up_required
def _deed(
    request: HttpRequest,
    title: str | Promise,
    text: str | Promise,
    form_class: Callable[..., forms.Form],
    run: Run,
    back: str,
) -> HttpResponse:
    form = form_class(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            return run(form, timezone.now())
        except DomainError as refusal:
            form.add_error(None, str(refusal))
    context = {**admin.site.each_context(request), "title": title, "text": text, "form": form, "back": back}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return render(request, "admin/wallet/deed.html", context, status=status)
