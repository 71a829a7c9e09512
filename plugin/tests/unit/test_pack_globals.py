"""Variables of node packs are the user's own."""

import sys
import types
from pathlib import Path

import pytest
from comfyui_tenant import context
from comfyui_tenant.context import Tenant
from comfyui_tenant.pack_globals import OwnValue, PackGlobals
from comfyui_tenant.packs import Pack
from comfyui_tenant.profile import parse_profile
from comfyui_tenant.profiles import ProfiledPack

ALICE, BOB = Tenant("alice", "u-alice"), Tenant("bob", "u-bob")
PROFILE = {
    "pack": "Example",
    "names": ["example"],
    "versions": {"since": "1", "below": "2"},
    "assessed": {"version": "1", "commit": "a", "date": "2026-01-01", "routes": 0, "nodes": 0},
    "state": "works",
    "globals": [
        {"module": "store.py", "name": "held", "reason": "x"},
        {"module": "store.py", "name": "seen", "reason": "x", "keep": 1},
    ],
}


class Cache:
    def __init__(self):
        self.data = {}

    def __setitem__(self, key, value):
        self.data[key] = value

    def __getitem__(self, key):
        return self.data[key]

    def __contains__(self, key):
        return key in self.data


@pytest.fixture
def pack(tmp_path, monkeypatch):
    """A pack whose node module has imported a variable of another."""
    folder = str(Path(tmp_path).resolve() / "example")
    store, nodes = types.ModuleType("example_store"), types.ModuleType("example_nodes")
    store.__file__, nodes.__file__ = f"{folder}/store.py", f"{folder}/nodes.py"
    store.held, store.seen = Cache(), {"latent": []}
    nodes.kept = store.held
    for module in (store, nodes):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    return folder, store, nodes


def separated(folder, **changes):
    own = PackGlobals()
    found = ProfiledPack(Pack("example", folder, None, "9"), parse_profile({**PROFILE, **changes}, "x"), False)
    return own, own.separate([found])


def test_no_user_sees_what_another_stored(pack):
    folder, store, nodes = pack
    _, problems = separated(folder)
    assert problems == []
    with context.as_tenant(ALICE):
        nodes.kept["girl"] = "of alice"
        store.seen["latent"].append("of alice")
    with context.as_tenant(BOB):
        assert "girl" not in store.held and "girl" not in nodes.kept
        assert store.seen == {"latent": []} and list(store.seen) == ["latent"] and len(store.seen) == 1
        store.held["girl"] = "of bob"
    assert "girl" not in store.held
    with context.as_tenant(ALICE):
        assert store.held["girl"] == nodes.kept["girl"] == store.held.data["girl"] == "of alice"
        assert isinstance(store.held, Cache) and isinstance(store.seen, dict)


def test_only_the_values_of_the_last_users_are_kept(pack):
    folder, store, _ = pack
    separated(folder)
    with context.as_tenant(ALICE):
        store.seen["latent"].append("of alice")
        assert store.seen["latent"] == ["of alice"]
    with context.as_tenant(BOB):
        assert store.seen["latent"] == []
    with context.as_tenant(ALICE):
        assert store.seen["latent"] == []


def test_a_variable_that_the_pack_assigns_stays_separate(pack):
    folder, store, _ = pack
    own, _ = separated(folder)
    with context.as_tenant(BOB):
        store.held["kept"] = "of bob"
    with context.as_tenant(ALICE):
        store.held["old"] = "of alice"
        store.held = Cache()
        store.held["girl"] = "of alice"
        own.restore()
        assert "old" not in store.held
    with context.as_tenant(BOB):
        assert "girl" not in store.held and store.held["kept"] == "of bob"
    assert type(store.held) is OwnValue


def test_a_version_without_the_variable_is_reported(pack):
    folder, _, _ = pack
    _, problems = separated(folder, globals=[{"module": "store.py", "name": "renamed", "reason": "x"}])
    assert problems == ["example: store.py has no renamed: users of this version may share what it keeps"]


def test_a_pack_that_was_not_loaded_is_no_problem(tmp_path):
    assert separated(str(tmp_path))[1] == []
