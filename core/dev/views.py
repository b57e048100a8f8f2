from csp.decorators import csp
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from core.dev import mails, texts

# What a mail may do in its frame: show itself with its own styles, and open links in a tab of their own.
MAIL_POLICY = {
    "default-src": ["'none'"],
    "style-src": ["'unsafe-inline'"],
    "img-src": ["data:"],
    "frame-ancestors": ["'self'"],
    "sandbox": ["allow-popups", "allow-popups-to-escape-sandbox"],
}

SHOWN = 200


@login_not_required
@require_safe
def mail_list(request: HttpRequest) -> HttpResponse:
    return render(request, "dev/mails.html", {"mails": mails.sent()})


@login_not_required
@require_safe
def text_list(request: HttpRequest) -> HttpResponse:
    return render(request, "dev/texts.html", {"texts": texts.sent()[:SHOWN]})


@login_not_required
@require_safe
def mail_detail(request: HttpRequest, name: str) -> HttpResponse:
    return render(request, "dev/mail.html", {"mail": _found(name)})


@login_not_required
@require_safe
@xframe_options_sameorigin
@csp(MAIL_POLICY)  # type: ignore[arg-type]  # typed for views without arguments
def mail_html(request: HttpRequest, name: str) -> HttpResponse:
    """The HTML part alone, for the frame on the mail's page."""
    return HttpResponse('<base target="_blank">' + _found(name).html)


def _found(name: str) -> mails.Mail:
    try:
        return mails.find(name=name)
    except mails.NoSuchMail as error:
        raise Http404 from error
