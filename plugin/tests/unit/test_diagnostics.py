import pytest
from comfyui_tenant.diagnostics import manager_loaded


@pytest.mark.parametrize(
    "name", ["comfyui_manager", "/srv/ComfyUI/custom_nodes/ComfyUI-Manager", "C:\\ComfyUI\\custom_nodes\\comfyui-manager"]
)
def test_a_manager_is_found_by_the_name_of_its_module(name):
    assert manager_loaded(["os", name])


def test_other_modules_are_not_a_manager():
    assert not manager_loaded(["os", "multiprocessing.managers", "comfyui_manager_extras"])
