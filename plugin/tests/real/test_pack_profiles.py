"""Every rule of every profile, against a stand-in pack with the same routes."""

import shutil
from pathlib import Path

import pytest
from comfyui_process import image, start
from comfyui_socket import Socket
from stand_in_pack import NAMES, address, concrete, make_pack, profile, rules

UNKNOWN = Path(__file__).parent / "unknown-pack"


@pytest.fixture(scope="module")
def packs(tmp_path_factory):
    """With a setting that would open everything."""
    folder = tmp_path_factory.mktemp("packs")
    nodes = tuple(make_pack(folder, name) for name in NAMES)
    with start(tmp_path_factory.mktemp("profiled"), nodes=nodes, settings={"allowRoutes": ["/*"]}) as running:
        yield running


@pytest.fixture(scope="module")
def others(tmp_path_factory):
    """Versions that no profile covers, and a pack without a profile."""
    folder = tmp_path_factory.mktemp("others")
    nodes = (*(make_pack(folder, name, "99999.0") for name in NAMES), UNKNOWN)
    base = tmp_path_factory.mktemp("unprofiled")
    (base / "output").mkdir()
    (base / "output" / "shared.png").write_bytes(image())
    # A copy, because a test must not write to the sources.
    files = base / "custom_nodes" / "copied-pack" / "files"
    shutil.copytree(UNKNOWN / "files", files)
    (files.parent / "__init__.py").write_text("NODE_CLASS_MAPPINGS = {}")
    (files / "link.png").symlink_to(base / "output" / "shared.png")
    (files / "shown.js").symlink_to(files / ".hidden" / "x.js")
    with start(base, nodes=nodes) as running:
        yield running


@pytest.mark.parametrize("prefix", ["", "/api"])
@pytest.mark.parametrize(("name", "rule"), rules("open"))
def test_an_open_route_is_served_without_the_parameters_that_were_not_assessed(packs, name, rule, prefix):
    method, path = concrete(rule["route"])
    answer = packs.visitor("bob").ask(f"{prefix}{address(path)}?refresh=1&value=x&files=ALL&type=..", method)
    assert answer.status == 200, answer.text
    assert answer.json()["served"] == rule["route"]
    assert answer.json()["query"] == {}


@pytest.mark.parametrize(("name", "rule"), rules("open"))
def test_an_open_route_does_not_show_the_servers_folders(packs, name, rule):
    method, path = concrete(rule["route"])
    assert "/" + profile(name)["names"][0] in packs.visitor("bob").ask(address(path), method).text
    assert str(packs.base) not in packs.visitor("bob").ask(address(path), method).text


@pytest.mark.parametrize("prefix", ["", "/api"])
@pytest.mark.parametrize(("name", "rule"), rules("view"))
def test_a_route_to_view_leads_to_the_users_own_file(packs, name, rule, prefix):
    alice, bob = packs.visitor("alice"), packs.visitor("bob")
    alice.upload("clip.png", image((200, 30, 30)), overwrite="true")
    method, path = concrete(rule["route"])
    route = prefix + address(path)
    assert alice.ask(f"{route}?filename=clip.png&type=input&force_size=1x1").body == image((200, 30, 30))
    for query in (
        "filename=clip.png&type=input",
        "filename=clip.png&type=input&subfolder=../../u-alice/input",
        f"filename={packs.base}/tenants/u-alice/input/clip.png&type=path",
        "filename=clip.png&type=path&subfolder=/tenants/u-alice/input",
        "filename=../../u-alice/input/clip.png%20[input]",
        "filename=//evil.example/x",
    ):
        assert bob.ask(f"{route}?{query}", method).status in (400, 403, 404), query


@pytest.mark.parametrize(("name", "rule"), rules("empty"))
def test_an_empty_route_does_not_reach_the_pack(packs, name, rule):
    method, path = concrete(rule["route"])
    answer = packs.visitor("bob").ask(f"{address(path)}?path=/", method)
    assert answer.status == 200
    assert answer.json() == rule["body"]


@pytest.mark.parametrize("user", [("bob",), ("olga", "operator")])
@pytest.mark.parametrize(("name", "rule"), rules("closed"))
def test_a_closed_route_stays_closed_whatever_the_setting_says(packs, name, rule, user):
    method, path = concrete(rule["route"])
    answer = packs.visitor(*user).ask(address(path), method)
    assert answer.status == 403, answer.text
    assert "allowRoutes" not in answer.text


def test_the_log_says_which_lines_of_the_setting_have_no_effect_and_suggests_none(packs):
    packs.visitor("bob").ask("/easyuse/reboot")
    log = packs.log.read_text()
    assert "allowRoutes: /* does not open GET /easyuse/reboot of ComfyUI-Easy-Use: restarts ComfyUI for everyone" in log
    assert "denied GET /easyuse/reboot, which must stay closed" in log
    assert 'allowRoutes: ["' not in log


def test_operators_see_every_pack_and_users_the_limited_ones(packs, others):
    assert packs.visitor("bob").ask("/_tenant/fitness").status == 403
    seen = {entry["pack"]: entry for entry in packs.visitor("olga", "operator").ask("/_tenant/fitness").json()["packs"]}
    assert seen["comfyui-kjnodes"]["state"] == "works"
    assert seen["comfyui-easy-use"]["state"] == "partly"
    assert "GET /easyuse/reboot" in seen["comfyui-easy-use"]["closedRoutes"]
    limited = {entry["pack"]: entry for entry in packs.visitor("bob").ask("/_tenant/packs").json()}
    assert "comfyui-kjnodes" not in limited
    assert set(limited["comfyui-easy-use"]) == {"pack", "state", "limits"}
    unknown = {entry["pack"]: entry for entry in others.visitor("olga", "operator").ask("/_tenant/fitness").json()["packs"]}
    assert unknown["unknown-pack"]["state"] == "partly"
    assert unknown["rgthree-comfy"]["profile"] is None
    assert "99999.0 has not been assessed" in unknown["rgthree-comfy"]["limits"]


@pytest.mark.parametrize("name", NAMES)
def test_users_learn_the_limits_of_a_pack(packs, name):
    found = profile(name)
    entries = [entry for entry in packs.visitor("bob").ask("/_tenant/packs").json() if entry["pack"] == found["names"][0]]
    assert [(e["state"], e["limits"]) for e in entries] == (
        [] if found["state"] == "works" else [(found["state"], found["limits"])]
    )


@pytest.mark.parametrize(("name", "rule"), [*rules("open"), *rules("view"), *rules("empty"), *rules("closed")])
def test_a_version_that_was_not_assessed_is_closed(others, name, rule):
    method, path = concrete(rule["route"])
    assert others.visitor("bob").ask(address(path), method).status == 403


@pytest.mark.parametrize("path", ["/unknown/files/async.js", "/unknown/files/sub/deep.js", "/unknown/copied/async.js"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_static_files_of_an_unknown_pack_are_served(others, path, method):
    assert others.visitor("bob").ask(path, method).status == 200


def test_the_extension_of_an_unknown_pack_is_served(others):
    assert others.visitor("bob").ask("/extensions/unknown-pack/loaded.js").status == 200


@pytest.mark.parametrize(
    "path",
    [
        "/unknown/files/",
        "/unknown/files/sub",
        "/unknown/files/sub/",
        "/unknown/files/config.py",
        "/unknown/files/.hidden/x.js",
        "/unknown/files/../__init__.py",
        "/unknown/files/%2e%2e/__init__.py",
        "/unknown/files/..%2f__init__.py",
        "/unknown/files//etc/hostname",
        "/unknown/files/%2Fetc%2Fhostname",
        "/unknown/copied/link.png",
        "/unknown/copied/shown.js",
        "/unknown/whole-pack/web/loaded.js",
        "/unknown/whole-pack/",
        "/unknown/output/shared.png",
        "/unknown/output/",
        "/unknown/base/output/shared.png",
        "/unknown/base/settings.json",
        "/extensions/unknown-output/shared.png",
        "/extensions/unknown-output/",
        "/extensions/unknown-pack/",
        "/unknown/elsewhere/",
        "/unknown/list",
        "/extensions/unknown-pack/list",
        "/workflow_templates/unknown-pack/list",
    ],
)
@pytest.mark.parametrize("prefix", ["", "/api"])
def test_nothing_else_of_an_unknown_pack_is_served(others, path, prefix):
    assert others.visitor("bob").ask(prefix + path).status in (403, 404)


def test_a_static_file_that_was_written_since_the_start_is_not_served(others):
    bob, neighbour = others.visitor("bob"), "/unknown/copied/sub/deep.js"
    assert bob.ask(neighbour, headers={"Accept-Encoding": "gzip"}).status == 200
    assert bob.ask("/_tenant/write-file").status == 200
    assert bob.ask("/unknown/copied/later.js").status == 404
    # Sent instead of the file, which has not changed.
    assert bob.ask(neighbour, headers={"Accept-Encoding": "gzip"}).status == 404


WITH_VARIABLES = [name for name in NAMES if profile(name).get("globals")]


@pytest.mark.parametrize("stack", ["packs", "others"])
@pytest.mark.parametrize("name", WITH_VARIABLES)
def test_no_user_sees_what_another_users_prompt_left_in_a_variable(request, name, stack):
    running = request.getfixturevalue(stack)
    found = profile(name)

    def keep(user: str, text: str) -> set[str]:
        visitor = running.visitor(user)
        graph = {"1": {"class_type": f"Keep of {found['names'][0]}", "inputs": {"text": text}}}
        done = visitor.finished(visitor.run(graph))
        assert done["status"]["status_str"] == "success", done["status"]
        return set(done["outputs"]["1"]["text"])

    assert keep("alice", "of alice") == {"nothing"}
    assert keep("bob", "of bob") == {"nothing"}
    # Their own, unless only the last user's value is kept.
    own = {"of alice"} | ({"nothing"} if any("keep" in entry for entry in found["globals"]) else set())
    assert keep("alice", "again") == own


@pytest.mark.parametrize("user", [("bob",), ("olga", "operator")])
@pytest.mark.parametrize(("name", "rule"), rules("nodes"))
def test_a_refused_node_does_not_run(packs, others, name, rule, user):
    graph = {"1": {"class_type": rule["node"], "inputs": {"text": "x"}}}
    for running in (packs, others):
        answer = running.visitor(*user).post("/prompt", {"prompt": graph})
        assert answer.status == 400
        assert rule["reason"] in answer.json()["node_errors"]["1"]["errors"][0]["details"]


EVENTS = [event["event"] for _, event in rules("events")]


@pytest.mark.parametrize("event", EVENTS)
def test_events_that_a_profile_lists_reach_everyone_and_others_no_one(packs, event):
    with Socket(packs.visitor("alice")) as alice, Socket(packs.visitor("bob")) as bob:
        assert alice.await_type(event, 30) and bob.await_type(event, 30)
        assert "unlisted.event" not in alice.types() | bob.types()


@pytest.mark.parametrize("event", EVENTS)
def test_events_of_a_version_that_was_not_assessed_reach_no_one(others, event):
    with Socket(others.visitor("bob")) as bob:
        # The stand-ins send every 0.2 s.
        assert not bob.await_type(event, 2)
