"""ComfyUI-Manager, with its new and its old web UI: it loads, but users cannot reach it, as it installs code for all."""

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
    """A ComfyUI with a Manager that downloads nothing: no lists and no missing packages."""
    config = base / "user" / "__manager" / "config.ini"
    config.parent.mkdir(parents=True)
    config.write_text("[default]\nnetwork_mode = offline\n")
    # A package that only its downloads need.
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
    with started(tmp_path_factory.mktemp("manager") / "base", request.param) as running:
        yield running


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


def test_each_denied_route_is_logged_in_one_line_with_the_setting_unless_a_profile_closes_it(comfyui, routes):
    for method, path in routes:
        before = len(comfyui.log.read_text())
        comfyui.visitor("alice").ask(re.sub(r"{.*?}", "x", path), method)
        message = [line for line in comfyui.log.read_text()[before:].splitlines() if "comfy-tenant" in line]
        assert len(message) == 1 and f"denied {method} {path}" in message[0]
        closed = path.startswith(("/customnode/", "/manager/", "/snapshot/", "/externalmodel/", "/comfyui_manager/"))
        assert message[0].endswith(f'allowRoutes: ["{method} {path}"]') != closed
        assert ("which must stay closed: " in message[0]) == closed


def test_users_work_as_without_a_manager(comfyui):
    alice, bob = comfyui.visitor("alice"), comfyui.visitor("bob")
    alice.upload("in.png", image())
    done = alice.run(graph("in.png", "mine"))
    assert alice.finished(done)["status"]["status_str"] == "success"
    assert bob.ask("/history").json() == {}
    assert bob.ask("/view?filename=mine_00001_.png").status == 404


def test_operators_see_that_a_manager_is_loaded(comfyui):
    assert comfyui.visitor("boss", "operator").ask("/_tenant/fitness").json()["manager"] is True


@pytest.mark.parametrize("ui", ["new", "legacy"])
def test_broadcasts_of_the_manager_reach_only_the_user_who_caused_them(tmp_path, ui):
    with started(tmp_path / "base", ui, allowRoutes=[f"POST {START_QUEUE}"]) as running:
        alice, bob = running.visitor("alice"), running.visitor("bob")
        with Socket(alice) as own, Socket(bob) as other:
            assert alice.post(START_QUEUE).status == 200
            assert own.await_type("cm-queue-status")
            assert other.types() == {"status"}
