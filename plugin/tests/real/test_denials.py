"""What users and operators learn about an access that the sandbox denies."""

from __future__ import annotations

import pytest
from battery import output, start_battery
from comfyui_process import start
from comfyui_socket import Socket


@pytest.fixture(scope="module")
def comfyui(tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside")
    for name in ("pictures", "exports", "other"):
        (outside / name).mkdir()
        (outside / name / "file.txt").write_text("content")
    base = tmp_path_factory.mktemp("denials")
    (base / "linked-models").mkdir()
    settings = {"readable": [str(outside / "pictures")], "writable": [str(outside / "exports")]}
    with start_battery(base, kernel=True, settings=settings) as running:
        running.outside = outside
        yield running


def failed(visitor, way: str, path) -> str:
    graph = {"1": {"class_type": "BatteryFail", "inputs": {"way": way, "path": str(path), "nonce": ""}}}
    done = visitor.finished(visitor.run(graph))
    assert done["status"]["status_str"] == "error", done
    [message] = [data for name, data in done["status"]["messages"] if name == "execution_error"]
    assert message["node_id"] == "1"
    return message["exception_message"]


@pytest.mark.parametrize(
    ("way", "verb", "setting"),
    [
        ("open", "reading", "readable"),
        ("listdir", "reading", "readable"),
        ("write", "writing", "writable"),
        ("append", "writing", "writable"),
    ],
)
def test_the_error_of_the_node_names_the_path_and_the_setting(comfyui, way, verb, setting):
    path = comfyui.outside / "other" / "file.txt"
    message = failed(comfyui.visitor("bob"), way, path)
    assert f"comfy-tenant: {verb} {path.parent}" in message, message
    assert f"the setting {setting} of COMFY_TENANT_SETTINGS would allow it" in message


@pytest.mark.parametrize("way", ["pyav", "cat", "opencv", "ctypes_open", "ctypes_append", "ffmpeg"])
def test_the_error_of_a_library_or_program_names_the_path_and_the_setting(comfyui, way):
    path = comfyui.outside / "other" / "file.txt"
    message = failed(comfyui.visitor("bob"), way, path)
    assert f"comfy-tenant: access to {path} is not allowed; the setting readable of COMFY_TENANT_SETTINGS" in message, message


def test_the_settings_allow_it(comfyui):
    bob = comfyui.visitor("bob")
    assert output(bob, "BatteryFail", "open", comfyui.outside / "pictures" / "file.txt") == ["done"]
    assert output(bob, "BatteryFail", "cat", comfyui.outside / "pictures" / "file.txt") == ["done"]
    assert output(bob, "BatteryFail", "ctypes_append", comfyui.outside / "exports" / "file.txt") == ["done"]
    assert "writable" in failed(bob, "append", comfyui.outside / "pictures" / "file.txt")


def test_a_private_place_is_named_without_a_setting(comfyui):
    path = comfyui.base / "tenants" / "u-alice" / "output" / "secret.txt"
    message = failed(comfyui.visitor("bob"), "open", path)
    assert "COMFY_TENANT_SETTINGS" not in message
    # Without the server's folder, as the user sees it.
    assert "alice" not in message.replace("tenants/u-alice/output/secret.txt", "")


def test_the_error_of_a_node_does_not_show_the_servers_folders(comfyui):
    bob = comfyui.visitor("bob")
    path = comfyui.base / "tenants" / "u-alice" / "output" / "secret.txt"
    failed(bob, "open", path)
    # The inputs are the user's own.
    for entry in bob.ask("/history").json().values():
        for _, data in entry["status"]["messages"]:
            assert str(comfyui.base) not in str(data.get("traceback")) + str(data.get("exception_message"))


def test_a_swallowed_error_is_reported_only_to_the_users_pages(comfyui):
    bob, alice = comfyui.visitor("bob"), comfyui.visitor("alice")
    path = comfyui.outside / "other" / "swallowed.txt"
    path.write_text("x")
    before = bob.ask("/_tenant/plugin").json()["denied"]
    with Socket(bob) as bobs, Socket(alice) as alices:
        assert output(bob, "BatteryFail", "swallowed", path) == ["fine"]
        assert bobs.await_type("comfy-tenant.denied")
        [reported] = [e["data"] for e in bobs.events if isinstance(e, dict) and e["type"] == "comfy-tenant.denied"]
        assert reported == {"path": str(path), "setting": "readable"}
        assert "comfy-tenant.denied" not in alices.types()
    assert bob.ask("/_tenant/plugin").json()["denied"] == before + 1
    lines = [line for line in comfyui.log.read_text().splitlines() if str(path) in line]
    remedy = "the setting readable of COMFY_TENANT_SETTINGS would allow it"
    # Newer ComfyUIs put the level before the message.
    assert [line[line.index("comfy-tenant: ") :] for line in lines] == [
        f"comfy-tenant: denied reading {path} to a prompt of u-bob; {remedy}"
    ]


def test_a_model_linked_from_another_disk_can_be_read(comfyui):
    disk = comfyui.outside / "disk"
    disk.mkdir()
    (disk / "big.safetensors").write_bytes(b"weights")
    link = comfyui.base / "models" / "checkpoints" / "big.safetensors"
    link.symlink_to(disk / "big.safetensors")
    bob = comfyui.visitor("bob")
    # Links are refreshed from time to time, and at once after a failed access.
    assert "try again" in failed(bob, "cat", link)
    assert output(bob, "BatteryFail", "cat", link, "again") == ["done"]


def test_required_but_missing_kernel_isolation_stops_the_start(tmp_path):
    from battery import WITHOUT_LANDLOCK

    with pytest.raises(AssertionError, match="requireKernelIsolation: the kernel has no Landlock"):
        start(tmp_path, settings={"requireKernelIsolation": True}, launcher=WITHOUT_LANDLOCK)


@pytest.mark.parametrize("name", ["readable", "writable", "caches"])
@pytest.mark.parametrize("place", ["tenants/u-alice", "user", "output", "token.key"])
def test_settings_that_would_open_a_private_place_stop_the_start(tmp_path, name, place):
    with pytest.raises(AssertionError, match=f"{name}: .* is private"):
        start(tmp_path, settings={name: [str(tmp_path / place)]})
