"""Questions to the catalogue about row security. Each answers with what is wrong: nothing, when all is right.

`run` executes a query and returns its rows, so that the same question is asked of the real schema and of scratch
tables that are wrong on purpose (test_rls_can_fail.py).
"""

import re
from collections.abc import Callable

Run = Callable[[str], list[tuple]]
OWN_CALL = re.compile(r"\b(?:auth|wallet|core|partitions)\.\w+\(")

POLICIES = """
select c.relname, p.polname, pg_get_expr(p.polqual, c.oid), pg_get_expr(p.polwithcheck, c.oid)
from pg_policy p join pg_class c on c.oid = p.polrelid where c.relnamespace = 'public'::regnamespace
"""
SET_RETURNING = """
select n.nspname || '.' || p.proname || '(' from pg_proc p join pg_namespace n on n.oid = p.pronamespace
where p.proretset and n.nspname in ('auth', 'wallet', 'core', 'partitions')
"""
# The columns by which a policy tells rows apart, for the roles that people act by.
POLICY_COLUMNS = """
select c.relname, p.polname, a.attname,
       exists (select from pg_index i where i.indrelid = c.oid and i.indisvalid
               and (i.indpred is null or pg_get_expr(i.indpred, i.indrelid) ~ '^\\([a-z_]+ IS NOT NULL\\)$')
               and array_position(i.indkey::int2[], a.attnum) is not null
               and (i.indkey::int2[])[0:array_position(i.indkey::int2[], a.attnum) - 1] <@ array(
                   select d2.refobjsubid::int2 from pg_depend d2 where d2.classid = 'pg_policy'::regclass
                   and d2.objid = p.oid and d2.refobjid = c.oid and d2.refobjsubid > 0))
from pg_policy p join pg_class c on c.oid = p.polrelid
join pg_depend d on d.classid = 'pg_policy'::regclass and d.objid = p.oid and d.refobjid = c.oid and d.refobjsubid > 0
join pg_attribute a on a.attrelid = c.oid and a.attnum = d.refobjsubid
where c.relnamespace = 'public'::regnamespace and p.polqual is not null
  and not p.polroles <@ array['service_role'::regrole::oid, c.relowner]
"""


def without_row_security(run: Run) -> set[str]:
    """Tables and partitions whose row security is off, or does not hold for their owner."""
    return _names(
        run(
            "select relname from pg_class where relnamespace = 'public'::regnamespace "
            "and relkind in ('r', 'p') and not (relrowsecurity and relforcerowsecurity)"
        )
    )


def without_policy(run: Run) -> set[str]:
    """Tables without a policy. A partition needs none: nobody is granted it, and its parent's policies hold."""
    return _names(
        run(
            "select relname from pg_class c where relnamespace = 'public'::regnamespace "
            "and relkind in ('r', 'p') and not relispartition "
            "and not exists (select from pg_policy where polrelid = c.oid)"
        )
    )


def partitions_granted(run: Run) -> set[str]:
    """Partitions that somebody but their owner has a right to: read directly, the parent's policies do not hold."""
    return _names(
        run(
            "select distinct c.relname from pg_class c cross join lateral aclexplode(c.relacl) a "
            "where c.relispartition and c.relnamespace = 'public'::regnamespace and a.grantee <> c.relowner"
        )
    )


def policies_without_role(run: Run) -> set[str]:
    return _names(
        run(
            "select c.relname || '.' || p.polname from pg_policy p join pg_class c on c.oid = p.polrelid "
            "where c.relnamespace = 'public'::regnamespace and 0 = any (p.polroles)"
        )
    )


def asked_for_each_row(run: Run) -> set[str]:
    """Policies that call one of our functions outside a sub-select of its own, or a set of rows outside an array."""
    sets = _names(run(SET_RETURNING))
    return {
        f"{table}.{name}"
        for table, name, *expressions in run(POLICIES)
        if any(text and not _asked_once(text, sets) for text in expressions)
    }


def _asked_once(text: str, sets: set[str]) -> bool:
    for found in OWN_CALL.finditer(text):
        before = text[: found.start()]
        if found.group() in sets:
            if not re.search(r"ARRAY\(\s*SELECT $", before):
                return False
        elif not _in_select_of_its_own(text, found.start()):
            return False
    return True


def _in_select_of_its_own(text: str, place: int) -> bool:
    """Whether the nearest sub-select round this place reads no table: then it is asked once for a whole statement."""
    depth = 0
    for start in range(place - 1, -1, -1):
        if text[start] == ")":
            depth += 1
        elif text[start] == "(":
            depth -= 1
            if depth < 0:
                depth = 0
                inside = text[start + 1 : _end_of(text, start)].strip()
                if inside.startswith("SELECT "):
                    return not re.search(r"\bFROM\b", inside)
    return False


def _end_of(text: str, start: int) -> int:
    depth = 0
    for place in range(start, len(text)):
        depth += {"(": 1, ")": -1}.get(text[place], 0)
        if depth == 0:
            return place
    return len(text)


# A saving's days are found by their ids, which are made of the saving's own; a policy only looks at what was found.
FOUND_BY_ID = {"savings_accrual.saving_id", "credit_loanday.loan_id"}


def unindexed(run: Run) -> set[str]:
    """Columns by which a policy tells people's rows apart, and by which no index finds them."""
    found = {f"{table}.{column}" for table, _policy, column, indexed in run(POLICY_COLUMNS) if not indexed}
    return found - FOUND_BY_ID


def views_past_row_security(run: Run) -> set[str]:
    """Views that look with the eyes of an owner, a superuser or one above row security; and copies, which have none."""
    return _names(
        run(
            "select c.relname from pg_class c join pg_roles r on r.oid = c.relowner "
            "where c.relnamespace = 'public'::regnamespace and (c.relkind in ('m', 'f') or c.relkind = 'v' "
            "and not coalesce(c.reloptions && array['security_invoker=true', 'security_invoker=on', "
            "'security_invoker=1'], false) and (r.rolcanlogin or r.rolsuper or r.rolbypassrls "
            "or exists (select from pg_class t where t.relowner = c.relowner and t.relkind in ('r', 'p') "
            "and t.relnamespace = 'public'::regnamespace)))"
        )
    )


def _names(rows: list[tuple]) -> set[str]:
    return {name for (name,) in rows}


CHECKS = (
    without_row_security,
    without_policy,
    partitions_granted,
    policies_without_role,
    asked_for_each_row,
    unindexed,
    views_past_row_security,
)
