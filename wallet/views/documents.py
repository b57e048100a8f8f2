"""What a stranger is told of a paper of ours: that it is, or that we know of none. Nothing else."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from core.middleware import client_ip
from wallet.services import documents
from wallet.services.documents import TooManyQuestions


@login_not_required
@never_cache
@require_safe
def verify(request: HttpRequest, code: str = "") -> HttpResponse:
    """Confirm a code; without one, ask for it. A code that was never given looks like one that cannot be."""
    typed = request.GET.get("code", "").strip()
    if typed and not code:
        letters = documents.normal(typed)
        usable = len(letters) == documents.LENGTH and letters.isalnum() and letters.isascii()
        return (
            redirect("verify_document", documents.spelled(letters))
            if usable
            else _answer(request, typed, None)
        )
    if not code:
        return render(request, "documents/verify.html", {"asked": ""})
    address = client_ip(request) or ""
    try:
        genuine = documents.confirm(code=code, address=address, at=timezone.now())
    except TooManyQuestions as refusal:
        return render(request, "documents/verify.html", {"asked": code, "refusal": refusal}, status=429)
    return _answer(request, code, genuine)


def _answer(request: HttpRequest, asked: str, genuine: documents.Genuine | None) -> HttpResponse:
    context = {"asked": asked, "answered": True, "genuine": genuine}
    return render(request, "documents/verify.html", context, status=200 if genuine else 404)
