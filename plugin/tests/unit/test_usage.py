"""What is recorded of prompts, and the limits of a day."""

import json
import os
import sqlite3
import subprocess
import sys
import threading
from types import SimpleNamespace

import pytest
from comfyui_tenant import context, usage_store
from comfyui_tenant.context import Tenant
from comfyui_tenant.day_limits import DayUse
from comfyui_tenant.ownership import OWNER, REQUEST, USER_ID
from comfyui_tenant.queue_statistics import Started
from comfyui_tenant.settings import Settings, SettingsError, parse_settings
from comfyui_tenant.shares import Shares
from comfyui_tenant.usage import Usage, UseUnknown
from comfyui_tenant.usage_store import NAME, UsageStore

NOON = 1_800_000_000.0 - 1_800_000_000.0 % 86400 + 43200
ALICE = Tenant("alice", "u-alice")


def recorder(tmp_path, clock=NOON, **settings):
    store = UsageStore(str(tmp_path))
    now = SimpleNamespace(clock=clock)
    return Usage(store, Settings(**settings), "i-1", lambda: now.clock, lambda: now.clock - 1e9), store, now


def finish(usage, now, user="alice", seconds=10.0, waited=2.0, result="success", prompt="p-1", request="r-1"):
    item = (1, prompt, {}, {OWNER: f"u-{user}", USER_ID: user, REQUEST: request})
    started = now.clock - 1e9 - seconds
    usage.finished(item, Started(started, started - waited, 0, f"u-{user}", 1.0), result)


def test_each_users_use_is_summed_and_survives_a_restart(tmp_path):
    usage, _, now = recorder(tmp_path)
    finish(usage, now)
    finish(usage, now, seconds=5.0, result="error")
    finish(usage, now, "bob", 1.0)
    again = recorder(tmp_path)[0]
    usage.report(0, lambda _user: 7)
    assert again.report(0, lambda user: len(user)) == [
        {"user": "alice", "prompts": 2, "failed": 1, "gpuSeconds": 15.0, "waitedSeconds": 4.0, "bytes": 5},
        {"user": "bob", "prompts": 1, "failed": 0, "gpuSeconds": 1.0, "waitedSeconds": 2.0, "bytes": 3},
    ]
    assert again.report(NOON + 1, lambda _user: 0) == []


def test_the_users_of_verify_are_not_listed(tmp_path):
    usage, _, now = recorder(tmp_path)
    finish(usage, now, "verify~0123456789abcdef")
    assert usage.report(0, lambda _user: 0) == []
    assert usage.prompts == 1


def test_the_file_is_readable_only_by_comfyuis_own_user(tmp_path):
    recorder(tmp_path)
    assert os.stat(tmp_path / NAME).st_mode & 0o077 == 0


def test_only_prompts_of_the_utc_day_count_for_its_limit(tmp_path):
    usage, store, now = recorder(tmp_path, gpu_seconds_per_day={"soft": 10, "hard": 20})
    now.clock = NOON - 43200 - 1
    finish(usage, now, seconds=100.0)
    now.clock = NOON
    finish(usage, now, seconds=12.0)
    finish(usage, now, "bob", seconds=30.0)
    store.flush()
    today = usage.today(ALICE)
    assert (today.used, today.is_over) == (12.0, False)
    assert today.as_json() == {
        "usedSeconds": 12.0,
        "softSeconds": 10,
        "hardSeconds": 20,
        "remaining": 8.0,
        "resetsAt": int(NOON + 43200),
        "notice": True,
    }


@pytest.mark.parametrize(("used", "over"), [(19.9, False), (20.0, True), (500.0, True)])
def test_the_hard_limit(used, over):
    assert DayUse(used, None, 20.0, NOON).is_over is over
    assert DayUse(used, 20.0, None, NOON).is_over is False


def test_the_order_of_the_queue_continues_after_a_restart(tmp_path):
    usage, store, now = recorder(tmp_path, share_half_life_seconds=3600.0)
    finish(usage, now, seconds=100.0)
    store.flush()
    later, _, then = recorder(tmp_path, NOON + 3600, share_half_life_seconds=3600.0)
    shares = Shares(3600.0)
    later.recall(shares)
    assert shares.of("u-alice", then.clock - 1e9) == pytest.approx(50.0)


def test_a_file_that_cannot_be_written_does_not_stop_prompts(tmp_path, caplog):
    usage, store, now = recorder(tmp_path)
    with sqlite3.connect(tmp_path / NAME) as file:
        file.execute("DROP TABLE prompts")
    finish(usage, now)
    store.flush()
    assert "could not be recorded" in caplog.text


@pytest.mark.parametrize(("prompt", "request_id"), [("p-1", "\udcff"), ("\ud800", None), (10**30, "r-1"), (["p-1"], 7)])
def test_ids_that_sqlite_cannot_store_hide_no_prompt(tmp_path, prompt, request_id):
    usage, store, now = recorder(tmp_path)
    finish(usage, now, prompt=prompt, request=request_id)
    finish(usage, now)
    store.flush()
    assert store.seconds_of("u-alice", 0, NOON + 1) == 20.0


def test_a_prompt_that_cannot_be_stored_does_not_end_the_recording(tmp_path, caplog):
    usage, store, now = recorder(tmp_path)
    finish(usage, now, user="\ud800")
    finish(usage, now)
    store.flush()
    assert store.seconds_of("u-alice", 0, NOON + 1) == 10.0
    assert "could not be recorded" in caplog.text


def test_a_file_that_was_removed_is_replaced_by_a_private_one(tmp_path, caplog):
    usage, store, now = recorder(tmp_path, gpu_seconds_per_day={"hard": 20})
    os.remove(tmp_path / NAME)
    assert usage.today(ALICE).used == 0
    os.remove(tmp_path / NAME)
    finish(usage, now)
    store.flush()
    assert usage.today(ALICE).used == 10.0
    assert os.stat(tmp_path / NAME).st_mode & 0o077 == 0
    assert "was removed" in caplog.text


def test_a_file_in_use_does_not_hold_up_a_report_for_each_waiting_prompt(tmp_path, monkeypatch):
    usage, store, now = recorder(tmp_path)
    monkeypatch.setattr(usage_store, "BUSY_SECONDS", 0.2)
    locked, done = threading.Event(), threading.Event()
    monkeypatch.setattr(store, "_write", lambda _use: (locked.set(), done.wait()))
    finish(usage, now)
    assert locked.wait(60)
    try:
        assert usage.report(0, lambda _user: 0) == []
    finally:
        done.set()


def test_a_time_in_the_future_does_not_count_today(tmp_path):
    usage, store, now = recorder(tmp_path, gpu_seconds_per_day={"hard": 20})
    now.clock = NOON + 100 * 86400
    finish(usage, now, seconds=100.0)
    now.clock = NOON
    finish(usage, now, seconds=5.0)
    store.flush()
    assert usage.today(ALICE).used == 5.0


@pytest.mark.parametrize("content", [b"garbage" * 1000, None])
def test_without_a_readable_file_nobody_has_time_left(tmp_path, caplog, content):
    usage, _, _ = recorder(tmp_path, gpu_seconds_per_day={"hard": 20})
    os.remove(tmp_path / NAME)
    if content is None:
        (tmp_path / NAME).mkdir()
    else:
        (tmp_path / NAME).write_bytes(content)
    with pytest.raises(UseUnknown):
        usage.today(ALICE)
    assert f"{tmp_path / NAME} cannot be read" in caplog.text


@pytest.mark.parametrize("content", [b"garbage" * 1000, None])
def test_the_start_names_a_file_that_cannot_be_opened(tmp_path, content):
    if content is None:
        (tmp_path / NAME).mkdir()
    else:
        (tmp_path / NAME).write_bytes(content)
    with pytest.raises((sqlite3.Error, OSError), match=r"\.usage\.sqlite: .*repair or remove it"):
        UsageStore(str(tmp_path))


def test_code_of_a_user_gets_no_report(tmp_path):
    usage, _, _ = recorder(tmp_path)
    with context.as_tenant(ALICE), pytest.raises(PermissionError):
        usage.report(0, lambda _user: 0)


def test_one_log_line_per_prompt_that_ids_cannot_forge(tmp_path, caplog):
    caplog.set_level("INFO")
    usage, _, now = recorder(tmp_path)
    finish(usage, now, 'al"ice\nprompt {"user": "bob"}')
    [line] = caplog.messages
    assert "\n" not in line
    assert json.loads(line.removeprefix("comfy-tenant: prompt "))["request"] == "r-1"


@pytest.mark.parametrize(
    "bad",
    [
        {"gpuSecondsPerDay": {"soft": 20, "hard": 10}},
        {"gpuSecondsPerDay": {"hard": 0}},
        {"gpuSecondsPerDay": {}},
        {"gpuSecondsPerDay": {"hard": True}},
        {"shareWeights": {"alice": 2}},
        {"shareWeights": {"user": 0}},
        {"shareHalfLifeSeconds": -1},
    ],
)
def test_bad_limits_are_refused(bad):
    with pytest.raises(SettingsError):
        parse_settings(bad, "s.yaml")


def test_what_was_collected_is_stored_when_comfyui_ends(tmp_path):
    program = (
        "import sys; from comfyui_tenant import usage_store; from comfyui_tenant.usage_store import PromptUse, UsageStore\n"
        "usage_store.COLLECT_SECONDS = 3600.0\n"
        "UsageStore(sys.argv[1]).add(PromptUse(1.0, 'alice', 'u-alice', 'p-1', None, 0.0, 5.0, 'success', 'i-1'))"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True, env={"PYTHONPATH": os.pathsep.join(sys.path)})
    assert UsageStore(str(tmp_path)).seconds_of("u-alice", 0, 2) == 5.0


def test_old_prompts_are_removed_once_a_day(tmp_path):
    usage, store, now = recorder(tmp_path)
    finish(usage, now)
    store.flush()
    now.clock = NOON + 401 * 86400
    finish(usage, now)
    store.flush()
    assert store.ends(0) == [("u-alice", 10.0, NOON + 401 * 86400)]
