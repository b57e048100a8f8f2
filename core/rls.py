"""Row security as migration operations. Every table gets one; a test reads the catalogue and says which has none.

    rls.Protect("savings_plan", policies=[rls.Policy("own", "SELECT", using="owner_id = (select auth.uid())")],
                authenticated="SELECT")
    rls.ServiceOnly("webhook")

The owner of the schema and `service_role` see all rows of a protected table; everyone else sees what a policy shows.
A policy is written in the dialect of Supabase, with `auth.uid()` wrapped in a sub-select so that it is asked once.
"""

from dataclasses import dataclass
from typing import Any

from django.db.migrations.operations.special import RunSQL

EVERYTHING = "SELECT, INSERT, UPDATE, DELETE"


@dataclass(frozen=True)
class Policy:
    """Which rows `role` may reach by `command`: `using` for rows there are, `check` for rows to be written."""

    name: str
    command: str
    using: str = ""
    check: str = ""
    role: str = "authenticated"

    def sql(self, table: str) -> str:
        using = f" USING ({self.using})" if self.using else ""
        check = f" WITH CHECK ({self.check})" if self.check else ""
        return f'CREATE POLICY "{self.name}" ON "{table}" FOR {self.command} TO {self.role}{using}{check};'

    def deconstruct(self) -> tuple[str, tuple[str, str], dict[str, str]]:
        parts = {"using": self.using, "check": self.check, "role": self.role}
        return "core.rls.Policy", (self.name, self.command), parts


class Protect(RunSQL):
    """Enable and force row security on a table, replace its policies by these, and grant exactly these rights."""

    def __init__(
        self,
        table: str,
        *,
        policies: tuple[Policy, ...] | list[Policy] = (),
        authenticated: str = "",
        anon: str = "",
        service: str = EVERYTHING,
    ) -> None:
        self.arguments: dict[str, Any] = {
            "policies": list(policies),
            "authenticated": authenticated,
            "anon": anon,
            "service": service,
        }
        self.table = table
        grants = {"authenticated": authenticated, "anon": anon, "service_role": service}
        statements = [
            f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;',
            _drop_policies(table),
            f'REVOKE ALL ON "{table}" FROM PUBLIC, anon, authenticated, service_role;',
            f'CREATE POLICY "owner" ON "{table}" TO CURRENT_USER USING (true) WITH CHECK (true);',
            f'CREATE POLICY "service" ON "{table}" TO service_role USING (true) WITH CHECK (true);',
            *[policy.sql(table) for policy in policies],
            *[f'GRANT {rights} ON "{table}" TO {role};' for role, rights in grants.items() if rights],
        ]
        super().__init__("\n".join(statements), reverse_sql=RunSQL.noop)

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return "Protect", [self.table], self.arguments

    def describe(self) -> str:
        return f"Row security on {self.table}"


class ServiceOnly(Protect):
    """A table that only the service touches: no customer and no stranger sees a row."""

    def __init__(self, table: str, *, service: str = EVERYTHING) -> None:
        super().__init__(table, service=service)

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return "ServiceOnly", [self.table], {"service": self.arguments["service"]}


def _drop_policies(table: str) -> str:
    return f"""
DO $$ DECLARE p text; BEGIN
  FOR p IN SELECT policyname FROM pg_policies WHERE schemaname = 'public' AND tablename = '{table}' LOOP
    EXECUTE format('DROP POLICY %I ON public.%I', p, '{table}');
  END LOOP;
END $$;"""
