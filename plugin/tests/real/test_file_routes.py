import pytest
from comfyui_process import image


def file(name: str, kind: str = "input", subfolder: str = "") -> str:
    return f"/_tenant/files?type={kind}&subfolder={subfolder}&filename={name}"


def test_users_can_delete_their_files(comfyui):
    carol = comfyui.visitor("carol")
    carol.upload("gone.png", image())
    assert carol.ask(file("gone.png"), method="DELETE").status == 204
    assert carol.ask("/view?filename=gone.png&type=input").status == 404
    assert carol.ask(file("gone.png"), method="DELETE").status == 404


@pytest.mark.parametrize(
    "path",
    [
        file("kept.png"),
        file("..%2F..%2Fu-alice-of-files%2Finput%2Fkept.png"),
        file("kept.png", subfolder="..%2F..%2Fu-alice-of-files%2Finput"),
        file("%2Fetc%2Fhostname"),
        file("", subfolder=""),
        file(".."),
    ],
)
def test_users_cannot_delete_other_files(comfyui, path):
    alice = comfyui.visitor("alice-of-files")
    alice.upload("kept.png", image(), overwrite="true")
    assert comfyui.visitor("bob").ask(path, method="DELETE").status == 404
    assert alice.ask("/view?filename=kept.png&type=input").status == 200


def test_an_unknown_type_of_folder_is_refused(comfyui):
    assert comfyui.visitor("bob").ask(file("x.png", kind="models"), method="DELETE").status == 400


def test_only_a_temporary_test_user_can_be_removed(comfyui):
    alice = comfyui.visitor("alice-of-files")
    alice.upload("kept.png", image(), overwrite="true")
    assert alice.ask("/_tenant/me", method="DELETE").status == 403
    assert alice.ask("/view?filename=kept.png&type=input").status == 200
    made_up = comfyui.visitor("verify~0123456789abcdef")
    made_up.upload("trace.png", image())
    assert made_up.ask("/_tenant/me", method="DELETE").status == 204
    left = [path.name for path in (comfyui.base / "tenants").iterdir()]
    assert "u-alice-of-files" in left
    assert not [name for name in left if (comfyui.base / "tenants" / name / "input" / "trace.png").exists()]


def test_diagnostics_are_for_operators(comfyui):
    assert comfyui.visitor("bob").ask("/_tenant/fitness").status == 403
    seen = comfyui.visitor("olga", "operator").ask("/_tenant/fitness")
    assert seen.status == 200
    assert seen.json()["manager"] is False
