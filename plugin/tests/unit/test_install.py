from types import SimpleNamespace

import pytest
from comfyui_tenant.startup_checks import flag_problem

OLD = {"multi_user": False}
NOW = {**OLD, "enable_assets": False}
# Assets are on there unless they are turned off, whatever --enable-assets says.
NEWER = {**NOW, "disable_assets": True}


@pytest.mark.parametrize("args", [OLD, NOW, NEWER])
def test_a_comfyui_with_isolating_flags_may_start(args):
    assert flag_problem(SimpleNamespace(**args)) is None


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ({**OLD, "multi_user": True}, "--multi-user breaks isolation: start ComfyUI without it"),
        ({**NOW, "enable_assets": True}, "--enable-assets breaks isolation: start ComfyUI without it"),
        ({**NEWER, "disable_assets": False}, "assets break isolation: start ComfyUI with --disable-assets"),
    ],
)
def test_flags_that_break_isolation_are_reported(args, message):
    assert flag_problem(SimpleNamespace(**args)) == message
