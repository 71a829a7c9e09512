from collections.abc import Iterator

import pytest
from comfyui_process import Comfyui, start


@pytest.fixture(scope="session")
def comfyui(tmp_path_factory, request) -> Iterator[Comfyui]:
    running = start(tmp_path_factory.mktemp("comfyui"), plugin=not request.config.getoption("--stock"))
    try:
        yield running
    finally:
        running.stop()
