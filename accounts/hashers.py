"""Passwords that came with an import: bcrypt as Supabase keeps it, changed for argon2 at the first sign-in."""

from django.contrib.auth.hashers import BCryptPasswordHasher


class ImportedBcryptHasher(BCryptPasswordHasher):
    """Checks `bcrypt$<hash>`. bcrypt reads 72 bytes: a longer password, and a hash that is none, are plainly wrong."""

    def verify(self, password: str, encoded: str) -> bool:
        try:
            return bool(super().verify(password, encoded))
        except ValueError:
            return False

    def harden_runtime(self, password: str, encoded: str) -> None:
        """Nothing: these hashes are never the ones we make, so their cost is never raised."""
