"""A profile is valid as a whole or has no effect."""

import copy

import pytest
from comfyui_tenant.pack_routes import refused_lines
from comfyui_tenant.profile import ProfileError, parse_profile
from comfyui_tenant.profiles import read_profiles

GOOD = {
    "pack": "Example",
    "names": ["comfyui-example"],
    "versions": {"since": "1.2", "below": "2"},
    "assessed": {"version": "1.2.3", "commit": "abc", "date": "2026-01-01", "routes": 3, "nodes": 0},
    "state": "partly",
    "limits": "Saving does not work.",
    "open": [{"route": "GET /example/list", "reason": "names", "query": {"format": "short|long"}}],
    "view": [{"route": "GET /example/view", "reason": "own files"}],
    "empty": [{"route": "GET /example/words", "reason": "shared", "body": []}],
    "closed": [{"route": "/example/save/*", "reason": "shared"}],
    "events": [{"event": "example.monitor", "reason": "load"}],
}


def spoiled(**changes):
    return {**copy.deepcopy(GOOD), **changes}


def test_a_good_profile_is_read():
    profile = parse_profile(GOOD, "example.yaml")
    assert profile.covers("1.2.3")
    assert set(profile.rules) == {"GET /example/list", "GET /example/view", "GET /example/words"}


@pytest.mark.parametrize("version", [None, "", "1.1.9", "2", "2.0.1", "main", "10"])
def test_other_versions_are_not_covered(version):
    assert not parse_profile(GOOD, "example.yaml").covers(version)


def opening(route, **more):
    return {"open": [{"route": route, "reason": "x", **more}]}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"opened": []}, "opened: unknown key; known: pack"),
        ({"pack": ""}, "pack: must be the name of the pack"),
        ({"names": []}, "names: must list"),
        ({"versions": {"since": "2", "below": "1"}}, "versions: must be"),
        ({"versions": {"since": "1"}}, "versions: must be"),
        ({"assessed": {"version": "1"}}, "assessed: must have version, commit, date, routes, nodes"),
        ({"state": "fine"}, "state: must be works, partly or closed"),
        ({"limits": ""}, "limits: must say what does not work"),
        ({"open": [{"route": "GET /example/list"}]}, "open: each must have a route and a reason"),
        ({"open": {"route": "GET /example/list"}}, "open: must be a list"),
        (opening("/example/list"), "must be a method and one exact path"),
        (opening("GET /example/*"), "must be a method and one exact path"),
        (opening("* /example/list"), "must be a method and one exact path"),
        (opening("DELETE /example/list"), "DELETE cannot be open"),
        (opening("GET /api/example/list"), "must be without /api"),
        (opening("GET /users"), "is a route of ComfyUI"),
        (opening("POST /users"), "is a route of ComfyUI"),
        (opening("POST /free"), "is a route of ComfyUI"),
        (opening("GET /internal/folder_paths"), "is a route of ComfyUI"),
        (opening("GET /assets"), "is a route of ComfyUI"),
        (opening("GET /agent"), "is a route of ComfyUI"),
        (opening("GET /_tenant/me"), "is a route of ComfyUI"),
        (opening("GET /extensions/x/list"), "is a route of ComfyUI"),
        (opening("GET /example/list", query={"format": "("}), "is not a regular expression"),
        (opening("GET /example/list", query=["format"]), "query: must map parameters"),
        (opening("GET /example/list", body=[]), "unknown key body"),
        (opening("GET /example/view"), "is listed twice"),
        ({"empty": [{"route": "GET /example/words", "reason": "x"}]}, "must have a body"),
        ({"view": [{"route": "POST /example/view", "reason": "x"}]}, "POST cannot be view"),
        ({"closed": [{"route": "example", "reason": "x"}]}, "closed: example: must be a path"),
        ({"events": [{"event": "status", "reason": "x"}]}, "events: status: must be an event of the pack"),
        ({"events": [{"event": "execution_error", "reason": "x"}]}, "events: execution_error: must be an event of the pack"),
        ({"events": [{"event": "progress_state", "reason": "x"}]}, "events: progress_state: must be"),
        ({"events": ["example.monitor"]}, "events: each must be {event, reason}"),
        ({"events": {"event": "example.monitor", "reason": "x"}}, "events: must be a list"),
        ({"nodes": ["Chooser"]}, "nodes: each must be {node, reason}"),
        ({"globals": [{"module": "a.py", "name": "b"}]}, "globals: each must be {module, name, reason}"),
        ({"globals": [{"module": "a.py", "name": "b", "reason": "x", "keep": 0}]}, "globals: each must be"),
        ({"globals": [{"module": "../a.py", "name": "b", "reason": "x"}]}, "globals: ../a.py: must be a file of the pack"),
        ({"globals": [{"module": "/a.py", "name": "b", "reason": "x"}]}, "globals: /a.py: must be a file of the pack"),
    ],
)
def test_an_unsafe_or_broken_profile_names_the_file_and_the_rule(changes, message):
    with pytest.raises(ProfileError) as raised:
        parse_profile(spoiled(**changes), "example.yaml")
    assert str(raised.value).startswith("example.yaml: ")
    assert message in str(raised.value)


def test_every_shipped_profile_is_valid():
    profiles, errors = read_profiles()
    assert errors == []
    assert len(profiles) >= 22


def test_a_broken_profile_is_ignored_as_a_whole(tmp_path):
    (tmp_path / "broken.yaml").write_text("pack: [")
    (tmp_path / "unsafe.yaml").write_text("pack: x\nopen: [{route: GET /users, reason: x}]")
    profiles, errors = read_profiles(str(tmp_path))
    assert profiles == []
    assert [error.split(":")[0] for error in errors] == ["broken.yaml", "unsafe.yaml"]


@pytest.mark.parametrize("line", ["/*", "GET /example/words", "/example/save/all", "POST /example/*", "/api/example/words"])
def test_lines_of_the_setting_that_a_profile_refuses_are_reported(line):
    assert refused_lines([parse_profile(GOOD, "example.yaml")], [line])


@pytest.mark.parametrize("line", ["GET /example/list", "POST /example/words", "/other/*"])
def test_other_lines_are_not_reported(line):
    assert not refused_lines([parse_profile(GOOD, "example.yaml")], [line])
