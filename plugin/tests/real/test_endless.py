"""A prompt that never ends, or ends in an unexpected way, costs other users only time."""

import time
import uuid
from pathlib import Path

import psutil
import pytest
from comfyui_process import graph, image, start
from comfyui_socket import Socket

NODES = Path(__file__).parent / "endless-nodes"
BY_FORCE = "sleep spin stubborn thread program grandchild system fork respawning".split()
GIVEN_UP = "event select receive process_pool".split()


@pytest.fixture(scope="module")
def patient(tmp_path_factory):
    with start(tmp_path_factory.mktemp("patient"), nodes=(NODES,), settings={"interruptGraceSeconds": 0.5}) as running:
        yield running


@pytest.fixture(scope="module")
def limited(tmp_path_factory):
    settings = {"interruptGraceSeconds": 0.5, "maxRunSeconds": 3}
    with start(tmp_path_factory.mktemp("limited"), nodes=(NODES,), settings=settings) as running:
        yield running


def endless(comfyui, visitor, way, **more):
    """Returns once the node runs: a prompt is in `queue_running` before that, and an interrupt then needs no force."""
    nonce = uuid.uuid4().hex
    prompt = {"1": {"class_type": "Endless", "inputs": {"way": way, "nonce": nonce}}}
    prompt_id = visitor.run(prompt, **more)
    deadline = time.monotonic() + 60
    while f"endless {nonce} runs" not in comfyui.log.read_text(errors="replace"):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return prompt_id


def runs_again(comfyui, attempts=1):
    visitor = comfyui.visitor("bob")
    assert visitor.upload("in.png", image()).status == 200
    for _ in range(attempts):
        done = visitor.finished(visitor.run(graph("in.png", text=uuid.uuid4().hex)))
        if done["status"]["status_str"] == "success":
            return
    raise AssertionError(done["status"])


def state(comfyui):
    return comfyui.visitor("bob").ask("/_tenant/plugin").json()["worker"]


def programs(comfyui):
    found = psutil.Process(comfyui.process.pid).children(recursive=True)
    return [p for p in found if p.status() != psutil.STATUS_ZOMBIE and "endless-program" in p.cmdline()]


def last_event(entry):
    return entry["status"]["messages"][-1]


@pytest.mark.parametrize("way", BY_FORCE + GIVEN_UP)
def test_an_interrupt_ends_code_that_ignores_it(patient, way):
    alice, bob = patient.visitor("alice"), patient.visitor("bob")
    assert bob.upload("in.png", image()).status == 200
    before = state(patient)
    stuck = endless(patient, alice, way)
    waiting = bob.run(graph("in.png", text=uuid.uuid4().hex))
    assert alice.post("/interrupt").status == 200
    ended = alice.finished(stuck)
    assert ended["status"]["status_str"] == "error"
    assert last_event(ended)[0] == "execution_interrupted"
    assert bob.finished(waiting)["status"]["status_str"] == "success"
    assert programs(patient) == []
    after = state(patient)
    assert after["alive"] is True
    assert after["restarts"] - before["restarts"] == (way in GIVEN_UP)


def test_a_prompt_that_reaches_the_time_limit_reports_it(limited):
    alice = limited.visitor("alice")
    ended = alice.finished(endless(limited, alice, "sleep"))
    event, reported = last_event(ended)
    assert (event, reported["exception_message"]) == ("execution_error", "stopped: a prompt may run for at most 3 s")
    runs_again(limited, attempts=20)


def test_an_abandoned_prompt_writes_and_sends_nothing_more(limited):
    alice = limited.visitor("alice")
    with Socket(alice, "window") as socket:
        ended = alice.finished(endless(limited, alice, "very_stubborn", client_id=socket.sid))
        assert last_event(ended)[0] == "execution_error"
        assert state(limited)["givenUp"] >= 1
        reported = len(socket.events)
        deadline = time.monotonic() + 60
        while state(limited)["givenUp"]:
            assert time.monotonic() < deadline
            time.sleep(0.2)
        assert [
            e for e in socket.events[reported:] if isinstance(e, dict) and e["type"] not in ("status", "crystools.monitor")
        ] == []
    assert not (limited.base / "tenants/u-alice/output/late.txt").exists()
    runs_again(limited, attempts=20)


def test_other_users_see_how_long_the_current_prompt_has_run(patient):
    alice, bob = patient.visitor("alice"), patient.visitor("bob")
    endless(patient, alice, "sleep")
    time.sleep(0.3)
    first = bob.ask("/_tenant/queue").json()["runningSeconds"]
    time.sleep(0.3)
    second = bob.ask("/_tenant/queue").json()["runningSeconds"]
    assert 0.2 < first < second
    assert state(patient)["runningSeconds"] > second - 0.1
    alice.post("/interrupt")
    runs_again(patient)
    assert state(patient)["runningSeconds"] is None


@pytest.mark.parametrize("what", ["exit", "base", "keyboard", "unpicklable", "no list", "set"])
def test_what_a_node_raises_or_returns_ends_only_its_own_prompt(patient, what):
    alice = patient.visitor("alice")
    alice.finished(alice.run({"1": {"class_type": "Raises", "inputs": {"what": what}}}))
    runs_again(patient)
    assert patient.process.poll() is None
    assert state(patient)["alive"] is True


def test_a_worker_that_dies_is_restarted(patient):
    before = state(patient)["restarts"]
    alice = patient.visitor("alice")
    alice.run({"1": {"class_type": "KillWorker", "inputs": {"nonce": uuid.uuid4().hex}}})
    runs_again(patient)
    assert state(patient)["restarts"] == before + 1
    assert "ComfyUI's worker died; restarting it" in patient.log.read_text()
