"""A running web process, driven by @supabase/supabase-js in both versions of the protocol, where that is installed."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from accounts import access_tokens
from accounts.models import Notification
from accounts.tests.clients.test_javascript_client import ABSENT, FOLDER, VERSION, installed
from core.actors import acting_as_service
from realtime import services
from realtime.tests.sockets import dispatch, token_of


@pytest.mark.parametrize("vsn", ["1.0.0", "2.0.0"])
def test_the_javascript_client_joins_sends_and_hears(server, ada, bola, vsn):
    if shutil.which("node") is None or installed() != VERSION:
        pytest.skip(ABSENT)
    script = Path(__file__).with_name("channels.mjs")
    key = access_tokens.static_key("anon")
    arguments = [str(FOLDER), server, key, vsn, token_of(ada), str(ada.id), str(bola.id)]
    # Before version 22 a Node has a WebSocket of its own only if asked for.
    environment = {**os.environ, "NODE_OPTIONS": "--experimental-websocket --no-warnings"}
    running = subprocess.Popen(
        ["node", str(script), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )
    said = []
    for line in running.stderr:
        if line.strip() == "ready":
            break
        said.append(line)
    with acting_as_service():
        for person, event in ((bola, "b"), (ada, "a"), (ada, "b")):
            Notification.objects.create(user=person, event=event, data={})
        services.publish(topic=f"user:{ada.id}", event="transfer.received", payload={"amount": 5})
    dispatch()
    out, more = running.communicate(timeout=60)
    assert running.returncode == 0, "".join(said) + more
    report: dict[str, Any] = json.loads(out)

    assert report["room"] == report["same"] == report["mine"] == ["SUBSCRIBED", None]
    assert report["sent"] == report["track"] == report["left"] == "ok"
    assert report["rest"] == {"success": True}
    assert report["own"] == [{"t": "hi"}, {"t": "by rest"}]
    text = [["chat", {"t": "hi"}], ["chat", {"t": "by rest"}]]
    if vsn == "2.0.0":
        assert report["bytes"] == "ok"
        assert report["heard"] == [*text, ["bytes", [0, 255]]]
    else:
        assert report["heard"][:2] == text
    assert report["syncs"] == [["ada", 1]] and report["state"] == {"ada": 1}
    state, error = report["theirs"]
    assert state == "CHANNEL_ERROR" and "You do not have permissions to read from this Channel topic" in error
    assert report["system"] == "Subscribed to PostgreSQL"
    assert report["told"] == [{"amount": 5}, "string"]
    assert report["changes"] == [["INSERT", "a", None], ["INSERT", "b", None], ["filtered", "b", None]]
    assert report["refused"][0] == "CHANNEL_ERROR"
