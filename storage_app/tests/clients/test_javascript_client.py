"""A running `/storage/v1`, driven by @supabase/supabase-js, where that is installed."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from accounts import access_tokens
from accounts.tests.clients.test_javascript_client import ABSENT, FOLDER, VERSION, installed
from accounts.tests.factories import bearer, make_person


def test_the_javascript_client_keeps_files(server):
    if shutil.which("node") is None or installed() != VERSION:
        pytest.skip(ABSENT)
    ada = make_person(email="ada@alajo.test")
    keys = [access_tokens.static_key(role) for role in ("anon", "service_role")]
    token = bearer(ada)["Authorization"].removeprefix("Bearer ")
    script = Path(__file__).with_name("files.mjs")
    command = ["node", str(script), str(FOLDER), server, *keys, token, str(ada.id)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    taken = {"status": "409", "message": "The resource already exists"}

    assert report["made"] == {"name": "docs"} and report["public"] == {"name": "shop"}
    assert report["twice"] == report["again"] == taken
    assert report["buckets"] == ["docs", "shop"]
    assert (report["bucket"]["file_size_limit"], "type" in report["bucket"]) == (1_000_000, False)
    assert report["changed"] == {"message": "Successfully updated"}
    assert report["uploaded"]["fullPath"] == f"docs/{ada.id}/a b.txt"
    assert report["wrongType"] == {"status": "415", "message": "mime type image/png is not supported"}
    assert report["upserted"] is report["updated"] is None
    assert (report["downloaded"], report["newer"]) == ("once more", "newer")
    assert (report["info"]["size"], report["info"]["contentType"]) == (5, "text/plain")
    assert (report["exists"], report["missing"]) == (True, False)
    assert report["copied"]["path"] == f"docs/{ada.id}/sub/copy.txt"
    assert report["moved"]["message"] == "Successfully moved"
    assert report["listed"] == [["sub", True], ["moved.txt", False]]
    assert [one["name"] for one in report["paged"]["folders"]] == [f"{ada.id}/sub/"]
    assert [one["name"] for one in report["paged"]["objects"]] == [f"{ada.id}/moved.txt"]
    assert report["stranger"] == []
    assert report["signed"][:2] == [200, "newer"] and report["signed"][2].startswith("attachment")
    assert report["several"] == [True, False]
    assert report["put"] == f"docs/{ada.id}/signed.txt"
    assert report["open"] == "open"
    assert report["removed"] == [f"{ada.id}/moved.txt"]
    assert report["notEmpty"]["message"] == "The bucket you tried to delete is not empty"
    assert report["emptied"]["message"].startswith("Empty bucket has been queued.")
    assert report["deleted"] == {"message": "Successfully deleted"}
    assert report["forbidden"]["message"] == "new row violates row-level security policy"
