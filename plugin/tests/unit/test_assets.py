"""Assets of ComfyUI in the shapes of 0.3.75, of versions before the switch, of 0.33.0 and of newer ones."""

from types import SimpleNamespace as Of

import pytest
from comfyui_tenant.assets import flag_problem, server_problem

OLD, NOW, NEWER = Of(), Of(enable_assets=False), Of(enable_assets=False, disable_assets=True)


def modules(enabled=False, disabled=True):
    """The modules of 0.33.0 and newer."""
    return {
        "app.assets.api.routes": Of(_ASSETS_ENABLED=enabled, register_assets_routes=None),
        "app.assets.seeder": Of(asset_seeder=Of(is_disabled=lambda: disabled)),
    }


def managed(enabled=False):
    return Of(asset_manager=Of(enabled=enabled))


@pytest.mark.parametrize(
    ("server", "args", "loaded"),
    [
        (Of(), OLD, {}),
        (Of(), OLD, {"app.assets.api.routes": Of(register_assets_system=None), "app.assets.seeder": Of(asset_seeder=Of())}),
        (Of(), NOW, modules()),
        (managed(), NEWER, modules()),
        # Without the database's packages, newer versions do not load these modules.
        (managed(), NEWER, {}),
    ],
)
def test_a_server_whose_assets_are_off_may_start(server, args, loaded):
    assert server_problem(server, args, loaded) is None


@pytest.mark.parametrize(
    ("server", "args", "loaded", "problem"),
    [
        (
            Of(),
            Of(enable_assets=True),
            modules(enabled=True),
            "on (app.assets.api.routes._ASSETS_ENABLED): start ComfyUI without",
        ),
        (Of(), NOW, modules(disabled=False), "on (app.assets.seeder.asset_seeder.is_disabled()): use a ComfyUI version"),
        # The flag has another meaning than expected.
        (managed(True), NEWER, modules(), "on (PromptServer.asset_manager.enabled): start ComfyUI with --disable-assets"),
        (
            managed(True),
            OLD,
            {},
            "on (PromptServer.asset_manager.enabled): use a ComfyUI version that the plugin's README lists",
        ),
        (managed(), NEWER, modules(enabled=True), "on (app.assets.api.routes._ASSETS_ENABLED): start ComfyUI with --disable"),
        (managed(), NEWER, modules(disabled=False), "on (app.assets.seeder.asset_seeder.is_disabled()): start ComfyUI with"),
    ],
)
def test_a_server_whose_assets_are_on_is_refused_whatever_its_flags(server, args, loaded, problem):
    assert server_problem(server, args, loaded).startswith(f"assets break isolation and are {problem}")


@pytest.mark.parametrize(
    ("server", "loaded"),
    [
        *(
            (Of(asset_manager=manager), {})
            for manager in (None, Of(), Of(enabled=None), Of(enabled=0), Of(enabled=lambda: False))
        ),
        (managed(), {"app.assets.api.routes": Of()}),
        (managed(), {"app.assets.seeder": Of(asset_seeder=Of())}),
        (managed(), {"app.assets.seeder": Of(asset_seeder=Of(is_disabled=lambda: None))}),
    ],
)
def test_a_server_that_does_not_say_that_its_assets_are_off_is_refused(server, loaded):
    assert "assets break isolation and are not known to be off" in server_problem(server, NEWER, loaded)


@pytest.mark.parametrize("value", [False, None, 0, ""])
def test_only_true_disables_assets(value):
    assert flag_problem(Of(disable_assets=value)) == "assets break isolation: start ComfyUI with --disable-assets"


def test_disabling_assets_wins_over_a_flag_without_effect():
    assert flag_problem(Of(enable_assets=True, disable_assets=True)) is None
