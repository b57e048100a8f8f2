"""What waits for the scanner, and what it found harmful, is there for nobody but who put it there."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEvent, User
from accounts.tests.factories import make_person, sign_in
from core.actors import acting_as, acting_as_anon, acting_as_service
from storage_app import scanner
from storage_app.models import ObjectVersion
from storage_app.scanner import ScannerDeclined, ScannerUnavailable
from storage_app.services import house, listing, objects, scanning, signing
from storage_app.services.access import ObjectNotFound
from storage_app.tests.clamd import EICAR, LARGEST, clamd
from storage_app.tests.factories import make_bucket, put

Scan = ObjectVersion.Scan


@pytest.fixture
def listening(settings) -> Iterator[str]:
    with clamd() as address:
        settings.CLAMD = address
        yield address


@pytest.fixture
def ada() -> User:
    return make_person(email="ada@alajo.test")


@pytest.fixture
def bola() -> User:
    return make_person(email="bola@alajo.test")


def state(name: str) -> str:
    with acting_as_service():
        return ObjectVersion.objects.get(object__name=name).scan


@pytest.mark.parametrize("over", ["tcp", "unix"])
def test_the_protocol_of_clamd_over_both_kinds_of_socket(over, tmp_path: Path):
    with clamd(tmp_path / "clamd.sock" if over == "unix" else None) as address:
        assert scanner.harm_in(source=[b"hello", b"world"], address=address) == ""
        assert scanner.harm_in(source=[], address=address) == ""
        assert scanner.harm_in(source=[b"a" + EICAR[:9], EICAR[9:]], address=address) == "Eicar-Signature"
        with pytest.raises(ScannerDeclined, match="size limit"):
            scanner.harm_in(source=(bytes(100_000) for _ in range(40)), address=address)


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:{port}", "unix:///nowhere/clamd.sock"])
def test_a_scanner_that_is_away_is_said_to_be_away(address):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(ScannerUnavailable):
        scanner.harm_in(source=[b"hello"], address=address.format(port=port))


def test_one_that_hangs_up_without_a_word_is_away():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=lambda: listener.accept()[0].close())
        thread.start()
        with pytest.raises(ScannerUnavailable):
            scanner.harm_in(source=[b"hello"], address=f"tcp://127.0.0.1:{listener.getsockname()[1]}")
        thread.join()


@pytest.fixture
def two_files(transactional_db, files, listening, ada) -> tuple[str, str]:
    make_bucket("open", public=True)
    good, bad = f"{ada.id}/good.txt", f"{ada.id}/bad.txt"
    put(good, b"hello", by=ada, bucket="open")
    put(bad, b"x" + EICAR, by=ada, bucket="open")
    return good, bad


def seen_by(actor, name: str) -> bool:
    with actor:
        try:
            objects.find(bucket_id="open", name=name)
        except ObjectNotFound:
            return False
    return True


def test_what_waits_is_only_there_for_who_put_it_there(two_files, ada, bola):
    for name in two_files:
        assert state(name) == Scan.WAITING
        assert seen_by(acting_as(ada), name)
        assert not seen_by(acting_as(bola), name) and not seen_by(acting_as_anon(), name)


def test_what_is_clean_is_given_out_and_what_is_not_is_not(two_files, ada, bola):
    good, bad = two_files
    assert scanning.scan_waiting() == 2
    assert (state(good), state(bad)) == (Scan.CLEAN, Scan.INFECTED)
    assert seen_by(acting_as(bola), good) and seen_by(acting_as_anon(), good)
    assert not seen_by(acting_as(bola), bad) and not seen_by(acting_as_anon(), bad)
    with acting_as_service():
        told = AuditEvent.objects.get(action="storage.version.harmful")
    assert told.data["harm"] == "Eicar-Signature"
    assert scanning.scan_waiting() == 0


def listed_for(actor, owner: User) -> list[str]:
    with actor:
        page = listing.in_folder(bucket_id="open", folder=f"{owner.id}/", limit=10)
        return [one.name.rpartition("/")[2] for one in page.files]


def test_a_list_names_what_is_kept_back_only_to_who_put_it_there(two_files, ada, bola):
    assert listed_for(acting_as(ada), ada) == ["bad.txt", "good.txt"]
    assert listed_for(acting_as(bola), ada) == listed_for(acting_as_anon(), ada) == []
    assert listed_for(acting_as_service(), ada) == ["bad.txt", "good.txt"]
    scanning.scan_waiting()
    assert listed_for(acting_as(bola), ada) == ["good.txt"]
    assert listed_for(acting_as(ada), ada) == ["bad.txt", "good.txt"]


def test_a_clean_file_replaced_is_kept_back_until_the_new_content_is_looked_at(two_files, ada, bola):
    good, _bad = two_files
    scanning.scan_waiting()
    put(good, EICAR, by=ada, bucket="open", upsert=True)
    assert not seen_by(acting_as(bola), good)
    scanning.scan_waiting()
    assert not seen_by(acting_as(bola), good)


def test_an_address_signed_by_its_owner_opens_nothing_that_is_kept_back(two_files, ada):
    good, bad = two_files
    facts = {"scope": "download", "bucket_id": "open", "at": timezone.now()}
    tokens = {}
    with acting_as(ada):
        for name in two_files:
            found = objects.find(bucket_id="open", name=name)
            tokens[name] = signing.sign_download(
                object=found, bucket=found.bucket, expires_in=600, at=timezone.now()
            )
            with pytest.raises(signing.SignatureRefused):
                signing.read(tokens[name], name=name, **facts)
    scanning.scan_waiting()
    assert signing.read(tokens[good], name=good, **facts)
    with pytest.raises(signing.SignatureRefused):
        signing.read(tokens[bad], name=bad, **facts)


def test_while_the_scanner_is_away_everything_waits(two_files, settings):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        settings.CLAMD = f"tcp://127.0.0.1:{listener.getsockname()[1]}"
    assert scanning.scan_waiting() == 0
    assert {state(name) for name in two_files} == {Scan.WAITING}


def test_what_the_scanner_does_not_take_is_kept_back_and_does_not_stop_the_rest(
    transactional_db, files, listening, ada, bola
):
    make_bucket("open", public=True)
    put(f"{ada.id}/large.bin", bytes(LARGEST + 1), by=ada, bucket="open")
    put(f"{ada.id}/small.txt", b"hello", by=ada, bucket="open")
    assert scanning.scan_waiting() == 2
    assert state(f"{ada.id}/large.bin") == Scan.DECLINED and state(f"{ada.id}/small.txt") == Scan.CLEAN
    assert not seen_by(acting_as(bola), f"{ada.id}/large.bin")


def test_without_a_scanner_nothing_waits(transactional_db, files, ada, bola):
    make_bucket("open", public=True)
    name = f"{ada.id}/a.txt"
    put(name, EICAR, by=ada, bucket="open")
    assert state(name) == Scan.NOT_ASKED and seen_by(acting_as(bola), name)
    assert scanning.scan_waiting() == 0


def test_the_page_says_how_it_stands_and_gives_out_nothing_harmful(transactional_db, files, listening, ada):
    house.bucket("documents", at=timezone.now())
    found = put(f"{ada.id}/bad.txt", EICAR, by=ada, bucket="documents")
    client = Client()
    sign_in(client, ada)
    assert "Being checked" in client.get("/files/").content.decode()
    assert "is being checked" in client.get(f"/files/{found.pk}/").content.decode()
    scanning.scan_waiting()
    assert "Harmful" in client.get("/files/").content.decode()
    page = client.get(f"/files/{found.pk}/").content.decode()
    assert "Something harmful was found" in page and "download/" not in page
    assert client.get(f"/files/{found.pk}/download/")["Location"] == f"/files/{found.pk}/"
