"""Models that a user saved to `output/loras` and the like: only their owner can see, select and load them."""

import json
import struct
from pathlib import Path

import pytest
from comfyui_process import image, start

NODES = Path(__file__).parent / "hostile-nodes"
FOLDERS = [("loras", "LoraLoader"), ("checkpoints", "CheckpointLoaderSimple"), ("vae", "VAELoader")]
UNETS = ("diffusion_models", "UNETLoader")


def model(name: str) -> bytes:
    header = json.dumps({"__metadata__": {"owner": name}}).encode()
    return struct.pack("<Q", len(header)) + header


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """Alice and Bob each saved models, one of the same name; one model is for everyone."""
    root = tmp_path_factory.mktemp("models")
    for kind, _ in (*FOLDERS, UNETS):
        for user in ("alice", "bob"):
            folder = root / "tenants" / f"u-{user}" / "output" / kind
            folder.mkdir(parents=True, exist_ok=True)
            for name in ("same", f"of-{user}"):
                (folder / f"{name}.safetensors").write_bytes(model(user))
                (folder / f"{name}.png").write_bytes(image())
        shared = root / "models" / kind
        shared.mkdir(parents=True, exist_ok=True)
        (shared / "shared.safetensors").write_bytes(model("everyone"))
        # From before there were users.
        old = root / "output" / kind
        old.mkdir(parents=True, exist_ok=True)
        (old / "old.safetensors").write_bytes(model("unknown"))
    (root / "tenants/u-bob/output/loras/link.safetensors").symlink_to(
        root / "tenants/u-alice/output/loras/of-alice.safetensors"
    )
    with start(root, nodes=(NODES,), settings={"sharedLoaders": ["TestSharedLoader"]}) as running:
        yield running


def expected(user):
    return [f"of-{user}.safetensors", "same.safetensors", "shared.safetensors"]


# Each user twice: the first list of one must not be cached for the other.
@pytest.mark.parametrize("user", ["alice", "bob", "alice", "bob"])
@pytest.mark.parametrize(("kind", "node"), [*FOLDERS, UNETS])
def test_only_the_owner_sees_and_can_select_a_model(base, user, kind, node):
    visitor = base.visitor(user)
    assert sorted(visitor.ask(f"/models/{kind}").json()) == expected(user)
    listed = [entry["name"] for entry in visitor.ask(f"/experiment/models/{kind}").json()]
    assert sorted(name for name in listed if name != "link.safetensors") == expected(user)
    inputs = visitor.ask(f"/object_info/{node}").text
    assert f"of-{user}.safetensors" in inputs and "shared.safetensors" in inputs
    assert f"of-{'bob' if user == 'alice' else 'alice'}" not in inputs and "old.safetensors" not in inputs


@pytest.mark.parametrize("user", ["alice", "bob"])
def test_metadata_and_previews_are_the_owners(base, user):
    visitor, other = base.visitor(user), "bob" if user == "alice" else "alice"
    assert visitor.ask("/view_metadata/loras?filename=same.safetensors").json() == {"owner": user}
    assert visitor.ask(f"/view_metadata/loras?filename=of-{other}.safetensors").status == 404
    [entry] = [e for e in visitor.ask("/experiment/models/loras").json() if e["name"] == "same.safetensors"]
    preview = f"/experiment/models/preview/loras/{entry['pathIndex']}"
    assert visitor.ask(f"{preview}/of-{user}.safetensors").status == 200
    assert visitor.ask(f"{preview}/of-{other}.safetensors").status == 404


def test_a_link_to_another_users_model_shows_nothing(base):
    bob = base.visitor("bob")
    answer = bob.ask("/view_metadata/loras?filename=link.safetensors")
    assert answer.status != 200 or "alice" not in answer.text


def loads(visitor, name):
    """How often a loader has run, whose results are shared by all users."""
    graph = {
        "1": {"class_type": "TestSharedLoader", "inputs": {"name": name}},
        "2": {"class_type": "ShowRuns", "inputs": {"model": ["1", 0]}},
    }
    done = visitor.finished(visitor.run(graph))
    return done["outputs"]["2"]["text"]


def test_a_model_of_ones_own_is_not_shared_in_memory(base):
    alice, bob = base.visitor("alice"), base.visitor("bob")
    assert loads(alice, "shared.safetensors") == loads(bob, "shared.safetensors")
    assert loads(alice, "same.safetensors") != loads(bob, "same.safetensors")
