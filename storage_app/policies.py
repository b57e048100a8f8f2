"""Row security of files: what a bucket's rules say, in a form that an index answers."""

from core.rls import Policy


def _ruled(who: str, column: str = "bucket_id") -> str:
    return f"{column} = any (array (select storage.ruled('{who}', 'READ')))"


# The first folder; a policy calls no function of ours for each row.
_FOLDER = "split_part(name, '/', 1)"
_ONES_OWN = [
    _ruled("EVERYONE"),
    _ruled("SIGNED_IN"),
    f"(owner_id = (select auth.uid()) and {_ruled('OWNER')})",
    f"({_FOLDER} = (select auth.uid())::text and {_ruled('OWN_FOLDER')})",
    f"({_FOLDER} = any (array (select auth.organizations())::text[]) and {_ruled('ORGANIZATION_FOLDER')})",
]
_FOR_PEOPLE = ("EVERYONE", "SIGNED_IN", "OWNER", "OWN_FOLDER", "ORGANIZATION_FOLDER")

BUCKETS = [
    Policy("with something to read", "SELECT", using=_ruled("EVERYONE", "id"), role="anon"),
    Policy(
        "with a rule for people",
        "SELECT",
        using=" or ".join(_ruled(who, "id") for who in _FOR_PEOPLE),
    ),
]
OBJECTS = [
    Policy("open to everyone", "SELECT", using=_ruled("EVERYONE"), role="anon"),
    Policy("by the bucket's rules", "SELECT", using=" or ".join(_ONES_OWN)),
]
# What is not looked at yet, or was found to be harmful, is there only for who put it there.
_GIVEN_OUT = "scan in ('NOT_ASKED', 'CLEAN')"
# By the file's key: a list of all files that one sees would be made anew for each statement.
_SEEN = "exists (select from storage_app_object seen where seen.id = object_id)"
VERSIONS = [
    Policy("of files open to everyone", "SELECT", using=f"{_GIVEN_OUT} and {_SEEN}", role="anon"),
    Policy(
        "of files one sees",
        "SELECT",
        using=f"({_GIVEN_OUT} or created_by_id = (select auth.uid())) and {_SEEN}",
    ),
]
OWN = [Policy("own", "SELECT", using="owner_id = (select auth.uid())")]
