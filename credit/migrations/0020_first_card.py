import json
from datetime import date
from hashlib import sha256

from django.db import migrations

from core.sql import read
from credit import sql

SOURCE = (
    "Set by hand before there were loans to learn from: common factors of Nigerian consumer credit, weighed evenly. "
    "To be replaced by a card that is fitted to our own loans."
)


def band(code, words, points, low=None, high=None):
    return one(code, words, "RANGE", points, low=low, high=high)


def named(code, words, points, *values):
    return one(code, words, "VALUES", points, values=values)


def unknown(code, points, words="not known"):
    return one(code, words, "MISSING", points)


def other(code, points):
    return one(code, "another answer", "OTHER", points)


def one(code, words, kind, points, low=None, high=None, values=()):
    return {
        "code": code,
        "words": words,
        "kind": kind,
        "points": str(points),
        "low": None if low is None else str(low),
        "high": None if high is None else str(high),
        "values": list(values),
    }


def factor(name, label, unit, weight, average, *bins, counts_inquiries=False):
    return {
        "name": name,
        "label": label,
        "unit": unit,
        "weight": weight,
        "average": str(average),
        "counts_inquiries": counts_inquiries,
        "bins": list(bins),
    }


def rule(name, label, unit, asks, *bins):
    return {"name": name, "label": label, "input": asks, "unit": unit, "bins": list(bins)}


CARD = {
    "name": "Alajo",
    "version": 1,
    "scale": {"points": "600", "odds": "20", "pdo": "40"},
    "cut_off": 600,
    "characteristics": [
        factor(
            "pay_to_income",
            "Repayments out of income",
            "%",
            "1.4",
            62,
            band("PAY1", "under 15 %", 95, None, 15),
            band("PAY2", "15 to 30 %", 75, 15, 30),
            band("PAY3", "30 to 45 %", 55, 30, 45),
            band("PAY4", "45 % and above", 20, 45),
            unknown("PAY0", 30),
        ),
        factor(
            "expenses_to_income",
            "Living costs out of income",
            "%",
            "0.8",
            55,
            band("EXP1", "under 40 %", 70, None, 40),
            band("EXP2", "40 to 70 %", 58, 40, 70),
            band("EXP3", "70 % and above", 40, 70),
            unknown("EXP0", 45),
        ),
        factor(
            "employment",
            "Work",
            "",
            "0.7",
            56,
            named("EMP1", "employed", 66, "EMPLOYED"),
            named("EMP2", "a business or work of your own", 60, "SELF_EMPLOYED", "BUSINESS_OWNER"),
            named("EMP3", "retired", 58, "RETIRED"),
            named("EMP4", "not earning now", 38, "STUDENT", "NONE"),
            other("EMP9", 45),
            unknown("EMP0", 45),
        ),
        factor(
            "months_employed",
            "Months in this work",
            "months",
            "0.7",
            54,
            band("JOB1", "under 6", 44, None, 6),
            band("JOB2", "6 to 24", 56, 6, 24),
            band("JOB3", "24 and more", 68, 24),
            unknown("JOB0", 50),
        ),
        factor(
            "months_here",
            "Months as a customer",
            "months",
            "0.8",
            52,
            band("HERE1", "under 3", 42, None, 3),
            band("HERE2", "3 to 12", 58, 3, 12),
            band("HERE3", "12 and more", 72, 12),
            unknown("HERE0", 42),
        ),
        factor(
            "savings_to_amount",
            "Savings against the amount asked for",
            "%",
            "0.9",
            54,
            band("SAV1", "under 1 %", 48, None, 1),
            band("SAV2", "1 to 20 %", 62, 1, 20),
            band("SAV3", "20 % and above", 80, 20),
            unknown("SAV0", 48),
        ),
        factor(
            "inflow_to_income",
            "Money coming into the wallet against income",
            "%",
            "0.8",
            52,
            band("INF1", "under 20 %", 46, None, 20),
            band("INF2", "20 to 80 %", 60, 20, 80),
            band("INF3", "80 % and above", 72, 80),
            unknown("INF0", 46),
        ),
        factor(
            "late_days_here",
            "Days late at worst on loans here",
            "days",
            "1.3",
            57,
            band("LATE1", "never late", 78, None, 1),
            band("LATE2", "1 to 30", 40, 1, 30),
            band("LATE3", "30 and more", 10, 30),
            unknown("LATE0", 58, "no loan yet"),
        ),
        factor(
            "bureau_standing",
            "Standing at the credit bureaux",
            "",
            "1.5",
            60,
            named("STAND1", "paying on time", 82, "CLEAR"),
            named("STAND2", "behind with a loan", 40, "LATE"),
            named("STAND3", "a loan in default", 0, "DEFAULT"),
            other("STAND9", 40),
            unknown("STAND0", 50, "no loans on file"),
        ),
        factor(
            "bureau_months",
            "Months since the first loan on file",
            "months",
            "0.6",
            54,
            band("FILE1", "under 12", 52, None, 12),
            band("FILE2", "12 to 48", 60, 12, 48),
            band("FILE3", "48 and more", 68, 48),
            unknown("FILE0", 50, "no loans on file"),
        ),
        factor(
            "inquiries",
            "Loans asked for elsewhere in 6 months",
            "",
            "0.5",
            56,
            band("INQ1", "none or one", 64, None, 2),
            band("INQ2", "2 to 4", 54, 2, 5),
            band("INQ3", "5 and more", 30, 5),
            unknown("INQ0", 56, "no file"),
            counts_inquiries=True,
        ),
    ],
    "rules": [
        rule("too_young", "Age", "years", "age", band("YOUNG", "under 18", 0, None, 18)),
        rule(
            "in_default",
            "Standing at the credit bureaux:",
            "",
            "bureau_standing",
            named("DEFAULT", "a loan in default", 0, "DEFAULT"),
        ),
        rule(
            "arrears_here",
            "Days behind on a loan here:",
            "days",
            "arrears_here",
            band("ARREARS", "30 and more", 0, 30),
        ),
        rule(
            "lost_here", "Loans here that were never paid back:", "", "lost_here", band("LOST", "any", 0, 1)
        ),
        rule(
            "cannot_pay",
            "Repayments out of income",
            "%",
            "pay_to_income",
            band("CANNOT", "60 % and above", 0, 60),
        ),
    ],
}


def put(apps, schema_editor):
    spelled = json.dumps(CARD, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    versions = apps.get_model("credit", "ScorecardVersion").objects.using(schema_editor.connection.alias)
    versions.create(
        name=CARD["name"],
        version=CARD["version"],
        card=CARD,
        sha256=sha256(spelled.encode()).hexdigest(),
        from_date=date(2020, 1, 1),
        source=SOURCE,
    )


class Migration(migrations.Migration):

    dependencies = [
        ('credit', '0002_rights'),
    ]

    operations = [
        migrations.RunPython(put, migrations.RunPython.noop),
        migrations.RunSQL(
            read(sql.__file__, "two_people"),
            "drop trigger two_people on public.credit_case; drop function credit.two_people()",
        ),
    ]
