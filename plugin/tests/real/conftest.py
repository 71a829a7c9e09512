from collections.abc import Iterator

import pytest
from comfyui_process import Comfyui, start


def pytest_addoption(parser):
    parser.addoption("--stock", action="store_true", help="run the table of leaks on a ComfyUI without the plugin")


@pytest.fixture(scope="session")
def comfyui(tmp_path_factory, request) -> Iterator[Comfyui]:
    running = start(tmp_path_factory.mktemp("comfyui"), plugin=not request.config.getoption("--stock"))
    try:
        yield running
    finally:
        running.stop()
