"""ComfyUI-Manager, with its new web UI and its old one: it loads, and no user reaches it. It installs code for everybody."""

import json
import os
import re
from pathlib import Path

import pytest
from comfyui_process import PLUGIN, TOOLS, graph, image, start
from comfyui_socket import Socket

FOLDER = PLUGIN.parent / ".tools" / "comfyui-manager-4.3"
KNOWS_IT = "--enable-manager" in (TOOLS / "app" / "comfy" / "cli_args.py").read_text()
START_QUEUE = "/v2/manager/queue/start"


def started(base: Path, ui: str, **settings):
    """A ComfyUI with a Manager that fetches nothing: no lists, and no packages that it finds missing."""
    config = base / "user" / "__manager" / "config.ini"
    config.parent.mkdir(parents=True)
    config.write_text("[default]\nnetwork_mode = offline\n")
    # A part of what it imports, which only downloads need.
    (base / "imports").mkdir()
    (base / "imports" / "huggingface_hub.py").write_text("HfApi = None\n")
    flags = ["--enable-manager", *(["--enable-manager-legacy-ui"] if ui == "legacy" else [])]
    return start(
        base,
        args=flags if KNOWS_IT else [],
        settings=settings,
        nodes=(Path(__file__).parent / "manager-node",),
        env={
            "PYTHONPATH": os.pathsep.join(map(str, (PLUGIN / "demo" / "torch-stub", FOLDER, base / "imports"))),
            "PIP_NO_INDEX": "1",
            "MANAGER_UI": ui,
            "MANAGER_ROUTES": str(base / "routes.json"),
        },
    )


@pytest.fixture(scope="module", params=["new", "legacy"])
def comfyui(tmp_path_factory, request):
    running = started(tmp_path_factory.mktemp("manager") / "base", request.param)
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="module")
def routes(comfyui):
    return [route.split(" ") for route in json.loads((comfyui.base / "routes.json").read_text())]


def test_the_manager_has_registered_its_routes(routes):
    assert len(routes) > 35
    assert ["POST", "/v2/manager/reboot"] in routes


@pytest.mark.parametrize("who", [("alice",), ("boss", "operator")])
def test_every_route_of_the_manager_is_closed(comfyui, routes, who):
    visitor = comfyui.visitor(*who)
    for method, path in routes:
        for prefix in ("", "/api"):
            answer = visitor.ask(prefix + re.sub(r"{.*?}", "x", path), method, {} if method == "POST" else None)
            assert (answer.status, answer.json()["error"]["type"]) == (403, "route_closed"), (method, path)


def test_each_refusal_is_one_line_of_the_log_that_names_the_route_and_the_setting(comfyui, routes):
    for method, path in routes:
        before = len(comfyui.log.read_text())
        comfyui.visitor("alice").ask(re.sub(r"{.*?}", "x", path), method)
        said = [line for line in comfyui.log.read_text()[before:].splitlines() if "comfy-tenant" in line]
        assert len(said) == 1 and f"closed {method} {path} to a user" in said[0]
        assert said[0].endswith(f'allowRoutes: ["{method} {path}"]')


def test_users_work_as_without_it(comfyui):
    alice, bob = comfyui.visitor("alice"), comfyui.visitor("bob")
    alice.upload("in.png", image())
    done = alice.run(graph("in.png", "mine"))
    assert alice.finished(done)["status"]["status_str"] == "success"
    assert bob.ask("/history").json() == {}
    assert bob.ask("/view?filename=mine_00001_.png").status == 404


def test_operators_are_told_that_it_is_loaded(comfyui):
    assert comfyui.visitor("boss", "operator").ask("/_tenant/fitness").json()["manager"] is True


@pytest.mark.parametrize("ui", ["new", "legacy"])
def test_what_it_tells_all_browsers_reaches_the_one_who_asked_for_it(tmp_path, ui):
    running = started(tmp_path / "base", ui, allowRoutes=[f"POST {START_QUEUE}"])
    try:
        alice, bob = running.visitor("alice"), running.visitor("bob")
        with Socket(alice) as own, Socket(bob) as other:
            assert alice.post(START_QUEUE).status == 200
            assert own.await_type("cm-queue-status")
            assert other.types() == {"status"}
    finally:
        running.stop()
