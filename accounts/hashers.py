"""Passwords: argon2, and bcrypt as Supabase keeps it, changed for argon2 at the first sign-in.

Rows may come from an import: a hash that is damaged, or dearer than we are ready to work out, lets nobody in and is no
fault.
"""

import re

from django.contrib.auth.hashers import Argon2PasswordHasher, BCryptPasswordHasher

# Costs up to 14: one more doubles the work, and 31 would keep a process busy for days.
BCRYPT = re.compile(r"\$2[aby]\$(?:0[4-9]|1[0-4])\$[./A-Za-z0-9]{53}")


class Argon2Hasher(Argon2PasswordHasher):
    """As Django's, calm about what is no hash of its kind."""

    def verify(self, password: str, encoded: str) -> bool:
        try:
            return bool(super().verify(password, encoded))
        except ValueError:
            return False

    def must_update(self, encoded: str) -> bool:
        try:
            return bool(super().must_update(encoded))
        except ValueError:
            return False


class ImportedBcryptHasher(BCryptPasswordHasher):
    """Checks `bcrypt$<hash>`. bcrypt reads 72 bytes: a longer password, and a hash that is none, are plainly wrong."""

    def verify(self, password: str, encoded: str) -> bool:
        if not BCRYPT.fullmatch(encoded.partition("$")[2]):
            return False
        try:
            return bool(super().verify(password, encoded))
        except ValueError:
            return False

    def harden_runtime(self, password: str, encoded: str) -> None:
        """Nothing: these hashes are never the ones we make, so their cost is never raised."""
