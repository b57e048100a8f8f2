"""The two bureaux' doors, each with its own wire, and the page on which faults are chosen."""

import hmac
import json
import time
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from core.actors import outside_transaction
from credit.sandbox.files import BUREAUX, Fault, File, choose_fault, fault_of, file_of, files
from credit.sandbox.inbox import (
    FileFault,
    FileRefused,
    Receipt,
    choose_file_fault,
    file_fault_of,
    take,
    without_a_line,
)
from wallet.sandbox.hanging_up import hang_up

WORDS = {"A": "performing", "B": "watchlist", "C": "substandard", "D": "lost"}


@csrf_exempt
@require_POST
@login_not_required
@outside_transaction
def meridian(request: HttpRequest) -> HttpResponseBase:
    if not _knows(request.headers.get("Authorization", "").removeprefix("Bearer "), "meridian"):
        return JsonResponse({"error": "unknown subscriber"}, status=401)
    asked: dict[str, Any] = json.loads(request.body)
    subject = asked["subject"]
    born = subject["date_of_birth"] or "1990-01-01"
    return _answer(
        request, "meridian", subject["bvn"], lambda bvn, file: _nested(asked["reference"], bvn, born, file)
    )


@csrf_exempt
@require_POST
@login_not_required
@outside_transaction
def savanna(request: HttpRequest) -> HttpResponseBase:
    if not _knows(request.headers.get("X-Subscriber-Key", ""), "savanna"):
        return JsonResponse({"CODE": "91"}, status=403)
    asked = request.POST
    born = asked.get("DOB") or "01/01/1990"
    return _answer(request, "savanna", asked["BVN"], lambda bvn, file: _flat(asked["REF"], bvn, born, file))


@csrf_exempt
@require_POST
@login_not_required
@outside_transaction
def meridian_files(request: HttpRequest) -> HttpResponseBase:
    if not _knows(request.headers.get("Authorization", "").removeprefix("Bearer "), "meridian"):
        return JsonResponse({"error": "unknown subscriber"}, status=401)
    return _take(
        request,
        "meridian",
        lambda receipt: JsonResponse(
            {"receipt": receipt.number, "sha256": receipt.sha256, "rows": receipt.rows}
        ),
        lambda code: JsonResponse({"error": code}, status=422),
    )


@csrf_exempt
@require_POST
@login_not_required
@outside_transaction
def savanna_files(request: HttpRequest) -> HttpResponseBase:
    if not _knows(request.headers.get("X-Subscriber-Key", ""), "savanna"):
        return JsonResponse({"CODE": "91"}, status=403)
    return _take(
        request,
        "savanna",
        lambda receipt: JsonResponse({"CODE": "00", "RECEIPT": receipt.number, "HASH": receipt.sha256}),
        lambda code: JsonResponse({"CODE": code}),
    )


def _take(
    request: HttpRequest,
    bureau: str,
    taken: Callable[[Receipt], HttpResponse],
    refused: Callable[[str], HttpResponse],
) -> HttpResponseBase:
    fault, content = file_fault_of(bureau), request.read()
    if fault == FileFault.DOWN:
        return HttpResponse("<h1>Service Unavailable</h1>", status=503)
    told = request.headers.get("X-Content-SHA256", "")
    if fault == FileFault.GARBLED:
        content = without_a_line(content)
        told = sha256(content).hexdigest()  # a proxy made the hash anew: only the file's own totals can tell
    try:
        receipt = take(bureau, content, key=request.headers.get("Idempotency-Key", ""), told=told)
    except FileRefused as why:
        return refused(why.code)
    return hang_up(request) if fault == FileFault.LOST else taken(receipt)


def _answer(
    request: HttpRequest, bureau: str, bvn: str, made: Callable[[str, File], dict[str, Any]]
) -> HttpResponseBase:
    fault, on = fault_of(bureau), timezone.localdate()
    if fault == Fault.SLOW:
        time.sleep(settings.CREDIT_BUREAU_SECONDS + 0.5)
    if fault == Fault.CUT_OFF:
        return hang_up(request)
    if fault == Fault.DOWN:
        return HttpResponse("<h1>Service Unavailable</h1>", status=503)
    if fault == Fault.NONSENSE:
        return HttpResponse("ERR 0x80040E14 \ufffd", content_type="text/plain")
    if fault == Fault.SHAPE:
        return JsonResponse({"status": "ok", "data": []})
    shown = f"{(int(bvn) + 5) % 10**11:011d}" if fault == Fault.SOMEBODY_ELSE else bvn
    return JsonResponse(made(shown, file_of(bvn, on)))


def _nested(reference: str, bvn: str, born: str, file: File) -> dict[str, Any]:
    if not file.known:
        return {"reference": reference, "result": "no_hit"}
    return {
        "reference": reference,
        "result": "hit",
        "subject": {"bvn_last_four": bvn[-4:], "date_of_birth": born},
        "enquiries_last_6_months": file.inquiries,
        "facilities": [
            {
                "lender": loan.lender,
                "opened": loan.opened.isoformat(),
                "classification": WORDS[loan.grade],
                "balance": f"{loan.owed // 100}.{loan.owed % 100:02d}",
                "instalment": f"{loan.monthly // 100}.{loan.monthly % 100:02d}",
                "max_days_past_due": loan.late_days,
            }
            for loan in file.loans
        ],
    }


def _flat(reference: str, bvn: str, born: str, file: File) -> dict[str, Any]:
    if not file.known:
        return {"CODE": "14", "REF": reference}
    rows = {
        f"L{number}": [
            *(loan.lender, f"{loan.opened:%d/%m/%Y}", loan.grade, loan.owed, loan.monthly, loan.late_days)
        ]
        for number, loan in enumerate(file.loans, start=1)
    }
    facts = {"BVN4": bvn[-4:], "DOB": born, "INQ6": file.inquiries, "LOANS": len(rows)}
    return {"CODE": "00", "REF": reference, **facts, **rows}


@login_not_required
@outside_transaction
@require_http_methods(["GET", "POST"])
def control(request: HttpRequest) -> HttpResponse:
    """Choose what goes wrong at which bureau; it goes wrong with every search until something else is chosen."""
    if request.method == "POST":
        bureau, fault = request.POST.get("bureau", ""), request.POST.get("fault", "")
        files_too = request.POST.get("file_fault", "")
        if bureau not in BUREAUX or fault not in Fault.values or files_too not in FileFault.values:
            raise Http404
        choose_fault(bureau, fault)
        choose_file_fault(bureau, files_too)
        return redirect("sandbox_bureaux:control")
    on = timezone.localdate()
    known = [(digit, file.words) for digit, file in files(on).items()]
    others = file_of("9", on)
    context = {
        "bureaux": [(bureau, bureau.title(), fault_of(bureau), file_fault_of(bureau)) for bureau in BUREAUX],
        "faults": Fault.choices,
        "file_faults": FileFault.choices,
        "files": [*known, ("4–9", others.words)],
    }
    return render(request, "sandbox/bureaux.html", context)


def _knows(key: str, bureau: str) -> bool:
    return hmac.compare_digest(key.encode(), settings.CREDIT_BUREAUX[bureau]["key"].encode())
