def pytest_addoption(parser):
    parser.addoption("--stock", action="store_true", help="run the table of leaks on a ComfyUI without the plugin")
