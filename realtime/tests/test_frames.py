"""Frames: what is written is read again, and whatever comes is a frame or is refused as none."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from realtime.asgi import frames
from realtime.asgi.frames import FIRST, SECOND, BadFrame, Frame

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)
names = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
refs = st.none() | names


@given(names, names, values, refs, refs)
def test_what_is_written_is_read_again(topic, event, payload, ref, join_ref):
    frame = Frame(topic, event, frames.text(payload), ref=ref, join_ref=join_ref)
    for version in (FIRST, SECOND):
        content = frame.to(version).message["text"]
        read = frames.decode(version, content)
        assert (read.topic, read.event, read.payload) == (topic, event, payload)
        assert (read.ref, read.join_ref) == (ref, join_ref)
        assert frame.to(version) is frame.to(version)
    assert "ref" in json.loads(frame.to(FIRST).message["text"])


@given(st.binary(max_size=200), st.sampled_from([FIRST, SECOND]))
def test_any_bytes_are_a_frame_or_refused(data, version):
    for content in (data, bytes([3]) + data, data.decode("latin-1")):
        try:
            read = frames.decode(version, content)
        except BadFrame:
            continue
        assert isinstance(read.topic, str) and isinstance(read.event, str)


@given(names, names, values, st.text("0123456789", max_size=5))
def test_a_binary_broadcast_is_read(topic, event, payload, ref):
    parts = [part.encode() for part in ("1", ref, topic, event, "{}")]
    if max(map(len, parts)) > 255:
        return
    head = bytes([3, *map(len, parts)])
    body = json.dumps(payload).encode()
    read = frames.decode(SECOND, head + b"\x01" + b"".join(parts) + body)
    assert (read.topic, read.event, read.payload) == (topic, "broadcast", {"event": event})
    assert (read.ref, read.join_ref, read.body) == (ref or None, "1", body.decode())
    assert frames.decode(SECOND, head + b"\x00" + b"".join(parts) + body).body == body


@pytest.mark.parametrize(
    ("version", "data", "why"),
    [
        (FIRST, "[" * 100_000, "not JSON"),
        (FIRST, '{"topic":"t","event":"e","payload":' + "[" * 65 + "]" * 65 + "}", "nested more than 64"),
        (SECOND, "[null,null,null,null]", "a frame is"),
        (SECOND, '[null,null,7,"e",{}]', "topic must be text"),
        (SECOND, '[null,7,"t","e",{}]', "ref and join_ref"),
        (FIRST, "[]", "JSON object"),
        (FIRST, '{"topic":"t","event":"e","payload":NaN}', "not JSON"),
        (FIRST, '{"topic":"t","event":"e","payload":' + "9" * 5000 + "}", "not JSON"),
        (FIRST, '{"topic":"t","event":"e","payload":"\\ud800"}', "surrogate"),
        (FIRST, b"\x03", "vsn 2.0.0"),
        (SECOND, b"\x03\x00\x00\x05\x00\x00\x01abc", "shorter"),
        (SECOND, b"\x03\x00\x00\x01\x00\x00\x01\xff{}", "UTF-8"),
        (SECOND, b"\x03\x00\x00\x01\x00\x00\x02t{}", "encoded as"),
        (SECOND, b"\x04\x00\x00\x00\x00\x00\x00\x00", "kind 3"),
        (SECOND, "[null,null," + json.dumps("t" * 2000) + ',"e",{}]', "longer"),
    ],
)
def test_what_is_refused_is_refused_by_name(version, data, why):
    with pytest.raises(BadFrame, match=why):
        frames.decode(version, data)


def test_pairs_of_surrogates_are_letters_and_huge_numbers_are_not_told_on():
    assert frames.parse('"\\ud83d\\ude00"') == "😀"
    with pytest.raises(BadFrame, match="out of range"):
        frames.text(frames.parse("1e999"))


def test_bytes_are_no_frame_for_the_first_version_nor_where_a_name_has_no_room():
    frame = frames.broadcast("realtime:room", "e", b"\x00", {"id": "x"})
    assert frame.to(FIRST) is None
    assert (
        frame.to(SECOND).message["bytes"] == b"\x04\x0d\x01\x0a\x00realtime:roome" + b'{"id":"x"}' + b"\x00"
    )
    assert frames.broadcast("t" * 256, "e", b"").to(SECOND) is None
