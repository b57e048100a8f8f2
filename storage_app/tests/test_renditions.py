"""Renditions: made once for each recipe, kept beside the version, gone with it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import make_person
from core.actors import acting_as, acting_as_anon, acting_as_service
from storage_app import blobs
from storage_app.models import DoomedBlob, ObjectVersion, Rendition
from storage_app.services import objects, reconcile, removal, renditions
from storage_app.services.access import ObjectNotFound
from storage_app.services.pictures import NotAPicture, Order
from storage_app.services.renditions import InvalidTransformation, order_of, recipe_of, rendition_of
from storage_app.tests.factories import make_bucket, put
from storage_app.tests.pictures import opened, picture

pytestmark = pytest.mark.usefixtures("transactional_db", "files")
NOW = timezone.now()


@pytest.fixture
def ada() -> User:
    return make_person(email="ada@alajo.test")


@pytest.fixture
def version(ada) -> ObjectVersion:
    make_bucket()
    return put(f"{ada.id}/me.png", picture(), by=ada, content_type="image/png").version


def test_a_rendition_is_made_once_and_found_again(version):
    first = rendition_of(version=version, order=Order(width=30), at=NOW)
    again = rendition_of(version=version, order=Order(width=30), at=NOW)
    other = rendition_of(version=version, order=Order(width=20), at=NOW)
    assert first.pk == again.pk != other.pk
    content = b"".join(blobs.read(first.blob_key))
    assert opened(content).size == (30, 20) and first.size == len(content)
    assert first.etag != version.etag


def test_renditions_go_with_their_version(ada, version):
    rendition = rendition_of(version=version, order=Order(width=30), at=NOW)
    with acting_as(ada):
        objects.remove(bucket_id="docs", names=[f"{ada.id}/me.png"], at=NOW)
    with acting_as_service():
        assert not Rendition.objects.exists()
        assert set(DoomedBlob.objects.values_list("pk", flat=True)) == {rendition.blob_key, version.blob_key}
    removal.remove_doomed(at=NOW + timedelta(hours=1))
    assert list(blobs.keys()) == []


def test_renditions_are_no_orphans(version):
    rendition_of(version=version, order=Order(width=30), at=NOW)
    assert reconcile.reconcile(at=NOW + timedelta(days=9), settled=timedelta(0)) == []


def test_what_was_removed_meanwhile_leaves_no_rendition(ada, version, monkeypatch):
    make = renditions.pictures.make

    def make_late(**facts):
        with acting_as(ada):
            objects.remove(bucket_id="docs", names=[f"{ada.id}/me.png"], at=NOW)
        return make(**facts)

    monkeypatch.setattr(renditions.pictures, "make", make_late)
    with pytest.raises(ObjectNotFound):
        rendition_of(version=version, order=Order(width=30), at=NOW)
    removal.remove_doomed(at=NOW + timedelta(hours=1))
    assert list(blobs.keys()) == []


def test_two_who_make_the_same_end_with_one(version, monkeypatch):
    make = renditions.pictures.make

    def make_late(**facts):
        monkeypatch.setattr(renditions.pictures, "make", make)
        rendition_of(version=version, order=Order(width=30), at=NOW)
        return make(**facts)

    monkeypatch.setattr(renditions.pictures, "make", make_late)
    assert rendition_of(version=version, order=Order(width=30), at=NOW)
    with acting_as_service():
        assert Rendition.objects.count() == 1 and DoomedBlob.objects.count() == 1


def test_ever_more_sizes_of_one_picture_do_not_fill_the_disk(version, monkeypatch):
    monkeypatch.setattr(renditions, "KEPT", 2)
    for width in (10, 11, 12):
        rendition_of(version=version, order=Order(width=width), at=NOW)
    with acting_as_service():
        kept = Rendition.objects.order_by("pk").values_list("recipe", flat=True)
        assert [recipe.split(",")[0] for recipe in kept] == ["width:11", "width:12"]
        assert DoomedBlob.objects.count() == 1


def test_of_what_is_no_picture_none_is_made(ada):
    make_bucket()
    text = put(f"{ada.id}/me.txt", b"hello", by=ada).version
    drawing = put(f"{ada.id}/me.svg", b"<svg><script/></svg>", by=ada, content_type="image/svg+xml").version
    for version in (text, drawing):
        with pytest.raises(NotAPicture):
            rendition_of(version=version, order=Order(width=30), at=NOW)


def test_people_reach_no_row_of_renditions(ada, version):
    rendition_of(version=version, order=Order(width=30), at=NOW)
    for actor in (acting_as(ada), acting_as_anon()):
        with pytest.raises(Exception, match="permission denied"), actor:
            Rendition.objects.count()


@pytest.mark.parametrize(
    "wishes",
    [
        {"width": "0"},
        {"width": "2501"},
        {"height": "-1"},
        {"height": "1e3"},
        {"width": "٣٠"},
        {"quality": "19"},
        {"quality": "101"},
        {"width": "9" * 400},
        {"resize": "zoom"},
        {"format": "svg"},
    ],
    ids=str,
)
def test_an_order_out_of_bounds_is_refused(wishes):
    with pytest.raises(InvalidTransformation):
        order_of(wishes)


def test_an_order_is_told_in_the_words_that_clients_know():
    order = order_of({"width": 200, "height": "200", "quality": "60"})
    assert recipe_of(order) == "height:200,width:200,resizing_type:fill,quality:60"
    longest = order_of({"width": 2500, "height": 2500, "resize": "cover", "quality": 100, "format": "origin"})
    assert len(recipe_of(longest)) <= 80
