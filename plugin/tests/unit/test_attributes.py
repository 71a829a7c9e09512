import ast
import asyncio
import threading
from types import SimpleNamespace

import pytest
from aiohttp import web
from comfyui_tenant import attributes
from comfyui_tenant.attributes import assigned_by, attribute_mismatches, queue_item_layout

PUT = "self.prompt_queue.put((number, prompt_id, prompt, extra_data, outputs_to_execute, sensitive))"


class Executor:
    def __init__(self, server):
        self.server = server
        self.reset()

    def reset(self):
        self.success, self.status_messages = True, []

    async def execute(self):
        self.history_result = {}


class KeySetBase:
    def __init__(self):
        self.keys, self.subcache_keys = {}, {}


class KeySet(KeySetBase):
    def __init__(self, dynprompt):
        super().__init__()
        self.dynprompt = dynprompt


class OtherKeySet(KeySet):
    def __init__(self, dynprompt):
        self.dynprompt = dynprompt


@pytest.fixture
def server(monkeypatch):
    modules = {
        "execution": SimpleNamespace(PromptExecutor=Executor),
        "comfy_execution.caching": SimpleNamespace(CacheKeySetID=KeySet, CacheKeySetInputSignature=OtherKeySet),
    }
    monkeypatch.setattr(attributes.importlib, "import_module", modules.__getitem__)
    monkeypatch.setattr(attributes, "_source", lambda _cls: PUT)
    queue = SimpleNamespace(mutex=threading.RLock(), queue=[], currently_running={}, history={}, server=None)
    loop = asyncio.new_event_loop()
    yield SimpleNamespace(
        prompt_queue=queue,
        sockets={},
        messages=asyncio.Queue(),
        loop=loop,
        app=web.Application(),
        routes=web.RouteTableDef(),
        on_prompt_handlers=[],
    )
    loop.close()


def test_the_expected_attributes_pass(server):
    assert attribute_mismatches(server) == []


@pytest.mark.parametrize("name", ["queue", "currently_running", "history", "mutex", "server"])
def test_a_missing_attribute_of_the_queue_is_named(server, name):
    delattr(server.prompt_queue, name)
    assert attribute_mismatches(server) == [f"execution.PromptQueue has no attribute {name}"]


@pytest.mark.parametrize("name", ["sockets", "prompt_queue", "messages", "loop", "app", "routes", "on_prompt_handlers"])
def test_a_missing_attribute_of_the_server_is_named(server, name):
    delattr(server, name)
    assert attribute_mismatches(server) == [f"server.PromptServer has no attribute {name}"]


def test_an_attribute_of_another_type_is_named(server):
    server.prompt_queue.history = []
    server.prompt_queue.queue = {}
    assert attribute_mismatches(server) == [
        "execution.PromptQueue.queue is a dict, expected a list",
        "execution.PromptQueue.history is a list, expected a dict",
    ]


def test_an_attribute_that_no_method_assigns_is_named(server, monkeypatch):
    monkeypatch.delattr(Executor, "execute")
    monkeypatch.delattr(KeySetBase, "__init__")
    assert attribute_mismatches(server) == [
        "execution.PromptExecutor has no attribute history_result",
        "comfy_execution.caching.CacheKeySetID has no attribute keys",
        "comfy_execution.caching.CacheKeySetID has no attribute subcache_keys",
        "comfy_execution.caching.CacheKeySetInputSignature has no attribute keys",
        "comfy_execution.caching.CacheKeySetInputSignature has no attribute subcache_keys",
    ]


def test_assignments_of_base_classes_count():
    assert {"keys", "subcache_keys", "dynprompt"} <= set(assigned_by(KeySet))


@pytest.mark.parametrize(
    ("source", "layout"),
    [
        (PUT, ("number", "prompt_id", "prompt", "extra_data", "outputs_to_execute", "sensitive")),
        ("queue.put((number,))", ()),
        ("self.prompt_queue.put(item)", ()),
        ("def f(self):\n    self.prompt_queue.put((prompt_id, f(), extra_data))", ("prompt_id", "?", "extra_data")),
        ("", ()),
    ],
)
def test_the_layout_of_a_queue_item_is_read_from_the_source(source, layout):
    assert queue_item_layout(ast.parse(source)) == layout


@pytest.mark.parametrize(
    "source", [PUT.replace("prompt, extra_data", "extra_data, prompt"), PUT.replace(", sensitive", ""), ""]
)
def test_another_layout_is_refused(server, monkeypatch, source):
    monkeypatch.setattr(attributes, "_source", lambda _cls: source)
    [mismatch] = attribute_mismatches(server)
    assert mismatch.startswith("a queue item is (")
    assert mismatch.endswith("expected (number, prompt_id, prompt, extra_data, outputs_to_execute, sensitive)")
