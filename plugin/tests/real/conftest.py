from collections.abc import Iterator

import pytest
from comfyui_process import Comfyui, start


@pytest.fixture(scope="session")
def comfyui(tmp_path_factory, request) -> Iterator[Comfyui]:
    with start(tmp_path_factory.mktemp("comfyui"), plugin=not request.config.getoption("--stock")) as running:
        yield running
