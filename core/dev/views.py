from csp.decorators import csp
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.actors import outside_transaction
from core.dev import hooks, mails, texts

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


@csrf_exempt
@outside_transaction
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def hook(request: HttpRequest, name: str) -> HttpResponse:
    """A POST is a webhook, and is answered as the receiver was bidden; a GET shows what came."""
    if request.method != "POST":
        return render(request, "dev/hook.html", {"hook": hooks.find(name), "answers": hooks.ANSWERS})
    status = hooks.receive(name, headers=request.headers, body=request.body, at=timezone.now())
    return HttpResponse(status=status, headers={"Location": "/dev/hooks/elsewhere/"} if status == 302 else {})


@login_not_required
@require_POST
def hook_bid(request: HttpRequest, name: str) -> HttpResponse:
    hooks.bid(name, secret=request.POST.get("secret", ""), answer=request.POST.get("answer", ""))
    return redirect("dev:hook", name)


def _found(name: str) -> mails.Mail:
    try:
        return mails.find(name=name)
    except mails.NoSuchMail as error:
        raise Http404 from error
