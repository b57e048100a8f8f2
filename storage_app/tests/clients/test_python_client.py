"""A running `/storage/v1`, driven by Supabase's own Python client: every method it has, in both its kinds."""

import asyncio
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from storage3 import AsyncStorageClient, SyncStorageClient
from storage3.exceptions import StorageApiError
from storage3.types import CreateSignedUploadUrlOptions

from accounts import access_tokens
from accounts.models import User
from accounts.tests.factories import bearer, make_person
from core.actors import acting_as_service
from storage_app.models import Object
from storage_app.services import buckets
from storage_app.tests.factories import make_bucket

# The client's own HTTP library leaves connections to be closed by the end of the process.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")
Client = Any


class Waited:
    """The asynchronous client, called like the other one."""

    def __init__(self, inner: object, loop: asyncio.Runner) -> None:
        self._inner, self._loop = inner, loop

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)

        def call(*args: Any, **facts: Any) -> Any:
            result = found(*args, **facts)
            if inspect.isawaitable(result):
                return self._loop.run(_settled(result))
            return Waited(result, self._loop) if hasattr(result, "download") else result

        return call if callable(found) else found


async def _settled(awaitable: Any) -> Any:
    return await awaitable


@pytest.fixture(params=["sync", "async"])
def app(request: pytest.FixtureRequest, server: str) -> Iterator[Callable[[User | str], Client]]:
    """Makes the client of a person's app, or of one that holds an app's key."""
    with asyncio.Runner() as loop:

        def client(by: User | str) -> Client:
            key = access_tokens.static_key("anon")
            own = {"Authorization": f"Bearer {access_tokens.static_key(by)}"} if by in KEYS else bearer(by)
            headers = {"apikey": key, **own}
            if request.param == "sync":
                return SyncStorageClient(f"{server}/storage/v1/", headers)
            return Waited(AsyncStorageClient(f"{server}/storage/v1/", headers), loop)

        yield client


KEYS = ("anon", "service_role")


@pytest.fixture
def ada(server: str) -> User:
    return make_person(email="ada@alajo.test")


def test_buckets_are_made_told_of_changed_emptied_and_deleted(app, ada):
    client = app("service_role")
    assert client.create_bucket("docs", options={"public": False, "file_size_limit": 10}) == {"name": "docs"}
    client.create_bucket("shop", options={"public": True, "allowed_mime_types": ["image/*"]})
    assert [bucket.id for bucket in client.list_buckets()] == ["docs", "shop"]
    bucket = client.get_bucket("shop")
    assert (bucket.id, bucket.owner, bucket.public, bucket.type) == ("shop", "", True, None)
    assert (bucket.file_size_limit, bucket.allowed_mime_types) == (None, ["image/*"])
    with pytest.raises(StorageApiError) as refused:
        client.create_bucket("docs")
    assert (refused.value.status, refused.value.code) == ("409", "Duplicate")
    assert client.update_bucket("docs", {"public": True})["message"] == "Successfully updated"
    assert client.get_bucket("docs").public is True
    client.from_("docs").upload("a.txt", b"hello")
    with pytest.raises(StorageApiError, match="not empty"):
        client.delete_bucket("docs")
    assert client.empty_bucket("docs")["message"].startswith("Empty bucket has been queued.")
    assert client.delete_bucket("docs")["message"] == "Successfully deleted"
    with pytest.raises(StorageApiError, match="Bucket not found"):
        client.get_bucket("docs")
    with pytest.raises(StorageApiError, match="row-level security"):
        app(ada).create_bucket("mine")


def test_files_are_put_read_replaced_told_of_listed_and_removed(app, ada, tmp_path):
    make_bucket()
    files, folder = app(ada).from_("docs"), str(ada.id)
    facts = {"content-type": "text/plain", "cache-control": "60", "metadata": {"k": [1, "ọ̀nà"]}}
    answer = files.upload(f"{folder}/a b.txt", b"hello", facts)
    assert (answer.path, answer.full_path) == (f"{folder}/a b.txt", f"docs/{folder}/a b.txt")
    assert files.download(f"{folder}/a b.txt") == b"hello"
    info = files.info(f"{folder}/a b.txt")
    assert (info["size"], info["content_type"], info["cache_control"]) == (5, "text/plain", "max-age=60")
    assert info["metadata"] == {"k": [1, "ọ̀nà"]}
    with pytest.raises(StorageApiError) as refused:
        files.upload(f"{folder}/a b.txt", b"again")
    assert (refused.value.status, refused.value.code) == ("409", "Duplicate")
    files.upload(f"{folder}/a b.txt", b"again", {"upsert": "true"})
    (tmp_path / "later.txt").write_bytes(b"from a file")
    files.update(f"{folder}/a b.txt", tmp_path / "later.txt")
    assert files.download(f"{folder}/a b.txt") == b"from a file"
    files.upload(f"{folder}/sub/b.txt", b"deeper")
    assert [entry["name"] for entry in files.list(folder)] == ["sub", "a b.txt"]
    order = {"limit": 1, "sortBy": {"column": "name", "order": "desc"}}
    assert [entry["name"] for entry in files.list(folder, order)] == ["sub"]
    assert [entry["name"] for entry in files.list(folder, {"search": "A", "offset": 0})] == ["a b.txt"]
    assert files.exists(f"{folder}/a b.txt") is True
    assert files.exists(f"{folder}/none") is False
    gone = files.remove([f"{folder}/a b.txt", f"{folder}/none"])
    assert [one["name"] for one in gone] == [f"{folder}/a b.txt"]
    with pytest.raises(StorageApiError, match="Object not found"):
        files.download(f"{folder}/a b.txt")
    with pytest.raises(StorageApiError, match="Bucket not found"):
        app("anon").from_("docs").exists(f"{folder}/sub/b.txt")


def test_a_prefix_is_listed_page_by_page(app, ada):
    make_bucket()
    files, folder = app(ada).from_("docs"), str(ada.id)
    for name in ("1", "2", "3", "sub/4"):
        files.upload(f"{folder}/{name}", b"x")
    asked = {"prefix": f"{folder}/", "limit": 2, "with_delimiter": True}
    first = files.list_v2(asked)
    assert [one.name for one in first.folders] == [f"{folder}/sub/"]
    assert [one.name for one in first.objects] == [f"{folder}/1"] and first.hasNext
    second = files.list_v2({**asked, "cursor": first.nextCursor})
    assert [one.name for one in second.objects] == [f"{folder}/2", f"{folder}/3"]
    assert (second.folders, second.hasNext, second.nextCursor) == ([], False, None)
    newest = files.list_v2({"sortBy": {"column": "created_at", "order": "desc"}, "limit": 1})
    assert newest.objects[0].key == f"{folder}/sub/4"
    assert newest.objects[0].metadata["size"] == 1
    assert len(files.list_v2().objects) == 4


def test_files_are_moved_and_copied(app, ada):
    make_bucket()
    files, folder = app(ada).from_("docs"), str(ada.id)
    files.upload(f"{folder}/a", b"hello")
    assert files.move(f"{folder}/a", f"{folder}/b")["message"] == "Successfully moved"
    assert files.copy(f"{folder}/b", f"{folder}/c")["Key"] == f"docs/{folder}/c"
    assert files.download(f"{folder}/b") == files.download(f"{folder}/c") == b"hello"
    with pytest.raises(StorageApiError, match="Object not found"):
        files.move(f"{folder}/a", f"{folder}/d")
    with pytest.raises(StorageApiError, match="row-level security"):
        files.copy(f"{folder}/b", "elsewhere/c")


def test_addresses_open_what_they_were_signed_for(app, ada):
    make_bucket()
    make_bucket("shop", public=True)
    files, name = app(ada).from_("docs"), f"{ada.id}/a b.txt"
    files.upload(name, b"hello", {"content-type": "text/plain"})
    url = files.create_signed_url(name, 60, {"download": "ọ̀nà.txt"})["signedUrl"]
    answer = httpx.get(url)
    assert answer.content == b"hello"
    assert answer.headers["content-disposition"].startswith("attachment; filename")
    several = files.create_signed_urls([name, "none"], 60)
    assert httpx.get(several[0]["signedURL"]).content == b"hello"
    assert several[1]["error"] and several[1]["signedURL"] is None
    app(ada).from_("shop").upload(name, b"open", {"content-type": "text/plain"})
    assert httpx.get(app("anon").from_("shop").get_public_url(name)).content == b"open"
    assert httpx.get(app("anon").from_("docs").get_public_url(name)).json()["message"] == "Bucket not found"
    with acting_as_service():
        buckets.end_signed_addresses(id="docs")
    assert httpx.get(url).status_code == 400


def test_whoever_has_an_address_to_upload_puts_one_file_there(app, ada):
    make_bucket()
    files, name = app(ada).from_("docs"), f"{ada.id}/new"
    stranger = app("anon").from_("docs")
    signed = files.create_signed_upload_url(name)
    answer = stranger.upload_to_signed_url(name, signed["token"], b"hello", {"content-type": "text/plain"})
    assert answer.full_path == f"docs/{name}"
    assert files.download(name) == b"hello"
    with acting_as_service():
        assert Object.objects.get().owner_id == ada.id
    with pytest.raises(StorageApiError) as refused:
        stranger.upload_to_signed_url(name, signed["token"], b"again")
    assert refused.value.code == "Duplicate"
    for other in (f"{ada.id}/other", f"{ada.id}/new/x"):
        with pytest.raises(StorageApiError, match="url do not match"):
            stranger.upload_to_signed_url(other, signed["token"], b"again")
    again = files.create_signed_upload_url(name, CreateSignedUploadUrlOptions(upsert="true"))
    stranger.upload_to_signed_url(name, again["token"], b"replaced")
    assert files.download(name) == b"replaced"


def test_the_clients_methods_are_all_tried_here():
    tried = inspect.getsource(inspect.getmodule(test_files_are_moved_and_copied))
    own = {name for name, _ in inspect.getmembers(SyncStorageClient, inspect.isfunction)}
    of_files = {
        name
        for name, _ in inspect.getmembers(SyncStorageClient("http://x/", {}).from_("x"), inspect.ismethod)
    }
    elsewhere = {"vectors", "analytics", "from_"}
    for name in own | of_files - elsewhere:
        assert name.startswith("_") or f".{name}(" in tried or name in elsewhere, name
