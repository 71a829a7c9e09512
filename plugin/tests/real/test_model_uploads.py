"""Users' own models, uploaded on a real ComfyUI."""

import json
import os
import struct

import pytest
from comfyui_process import start


def model(text="mine"):
    data = text.encode()
    header = json.dumps({"a": {"dtype": "U8", "shape": [len(data)], "data_offsets": [0, len(data)]}}).encode()
    return struct.pack("<Q", len(header)) + header + data


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    settings = {"userModels": {"kinds": ["loras", "upscale_models"], "maxBytes": 100_000}, "quotaBytes": 1_000_000}
    with start(tmp_path_factory.mktemp("models"), settings=settings) as running:
        yield running


def send(visitor, name, content, kind="loras", more=""):
    return visitor.ask(f"/_tenant/models/{kind}/{name}{more}", "POST", content)


def loras(visitor):
    spec = visitor.ask("/object_info/LoraLoader").json()["LoraLoader"]["input"]["required"]["lora_name"]
    return spec[0] if isinstance(spec[0], list) else spec[1]["options"]


def test_a_user_selects_their_own_model_and_no_one_else_does(studio):
    alice, bob = studio.visitor("alice"), studio.visitor("bob")
    assert send(alice, "style.safetensors", model()).status == 201
    assert "style.safetensors" in loras(alice)
    assert "style.safetensors" not in loras(bob)
    assert "style.safetensors" in alice.ask("/models/loras").json()
    assert "style.safetensors" not in bob.ask("/models/loras").json()
    assert (studio.base / "tenants/u-alice/output/loras/style.safetensors").read_bytes() == model()
    # The same name and content of another user is a file of its own.
    assert send(bob, "style.safetensors", model()).status == 201
    assert os.stat(studio.base / "tenants/u-bob/output/loras/style.safetensors").st_nlink == 1
    assert alice.ask("/_tenant/files?type=output&subfolder=loras&filename=style.safetensors", "DELETE").status == 204
    assert "style.safetensors" not in loras(alice)
    assert "style.safetensors" in loras(bob)


def test_an_existing_model_is_replaced_only_if_asked(studio):
    carol = studio.visitor("carol")
    assert send(carol, "a.safetensors", model("one")).status == 201
    assert send(carol, "a.safetensors", model("two")).status == 409
    assert send(carol, "a.safetensors", model("two"), more="?overwrite=true").status == 201
    assert (studio.base / "tenants/u-carol/output/loras/a.safetensors").read_bytes() == model("two")


@pytest.mark.parametrize(
    ("name", "content", "kind", "status"),
    [
        ("x.safetensors", b"\x80\x04pickle" * 10, "loras", 400),
        ("x.safetensors", model()[:-1], "loras", 400),
        ("x.safetensors", model() + b"more", "loras", 400),
        ("x.safetensors", b"", "loras", 400),
        ("x.ckpt", model(), "loras", 400),
        (".x.safetensors", model(), "loras", 400),
        ("..%2Fx.safetensors", model(), "loras", 400),
        ("..%2F..%2F..%2Fu-alice%2Foutput%2Floras%2Fx.safetensors", model(), "loras", 400),
        ("x.safetensors", model(), "checkpoints", 403),
        ("x.safetensors", model(), "upscale_models", 403),
        ("x.safetensors", model(), "..", 403),
        ("x.safetensors", model("x" * 200_000), "loras", 413),
    ],
)
def test_anything_else_is_refused_and_leaves_nothing(studio, name, content, kind, status):
    eve = studio.visitor("eve")
    assert send(eve, name, content, kind).status == status
    assert not [path for path in (studio.base / "tenants" / "u-eve").rglob("*") if path.is_file()]


def test_uploads_count_against_the_quota(studio):
    frank = studio.visitor("frank")
    answers = [send(frank, f"{count}.safetensors", model("x" * 90_000)).status for count in range(12)]
    assert answers.count(201) == 11 and answers[-1] == 507


def test_without_the_setting_nothing_can_be_uploaded(tmp_path_factory):
    with start(tmp_path_factory.mktemp("closed")) as running:
        assert send(running.visitor("alice"), "x.safetensors", model()).status == 403
