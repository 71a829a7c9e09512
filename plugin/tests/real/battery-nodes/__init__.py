"""Nodes that try every way to access other users' data, wherever node code can run. Each returns the outcome as text."""

import asyncio
import json
import os
import sys
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

sys.path[:0] = [os.path.dirname(__file__), os.path.dirname(os.path.dirname(os.path.realpath(__file__)))]
import ways  # noqa: E402
from output_node import OutputNode  # noqa: E402

ASYNC_POOL = ThreadPoolExecutor(1)
# Results of VALIDATE_INPUTS, IS_CHANGED, INPUT_TYPES and outliving threads, for the test to read.
HEARD = {}


class Base(OutputNode):
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"way": ("STRING", {}), "path": ("STRING", {}), "nonce": ("STRING", {"default": ""})}}


class Try(Base):
    def run(self, way, path, nonce=""):
        names = json.loads(way) if way.startswith("[") else [way]
        return {"ui": {"text": [json.dumps({name: ways.tried(name, path) for name in names})]}}


class TryAsync(Base):
    async def run(self, way, path, nonce=""):
        loop = asyncio.get_running_loop()
        await asyncio.sleep(0)
        found = {
            "await": ways.tried(way, path),
            "default_executor": await loop.run_in_executor(None, ways.tried, way, path),
            "executor": await loop.run_in_executor(ASYNC_POOL, ways.tried, way, path),
            "to_thread": await asyncio.to_thread(ways.tried, way, path),
            "task": await asyncio.create_task(_later(way, path)),
        }
        return {"ui": {"text": [json.dumps(found)]}}


async def _later(way, path):
    await asyncio.sleep(0.01)
    return ways.tried(way, path)


class TryOnServerLoop(Base):
    """Submits work to the server's own event loop."""

    def run(self, way, path, nonce=""):
        from server import PromptServer

        loop, found, done = PromptServer.instance.loop, {}, threading.Event()

        def work():
            found["callback"] = ways.tried(way, path)
            done.set()

        try:
            loop.call_soon_threadsafe(work)
            done.wait(10)
        except Exception as error:
            found["callback"] = f"refused {error}"
        coroutine = _later(way, path)
        try:
            found["coroutine"] = asyncio.run_coroutine_threadsafe(coroutine, loop).result(10)
        except Exception as error:
            coroutine.close()
            found["coroutine"] = f"refused {error}"
        return {"ui": {"text": [json.dumps(found)]}}


class TryInValidation(Base):
    @classmethod
    def VALIDATE_INPUTS(cls, way, path, nonce):
        HEARD["VALIDATE_INPUTS" + nonce] = ways.tried(way, path)
        return True

    @classmethod
    def IS_CHANGED(cls, way, path, nonce):
        HEARD["IS_CHANGED" + nonce] = ways.tried(way, path)
        return uuid.uuid4().hex

    def run(self, way, path, nonce=""):
        found = {name: HEARD.get(name + nonce, "not run") for name in ("VALIDATE_INPUTS", "IS_CHANGED")}
        return {"ui": {"text": [json.dumps(found)]}}


class AsyncValidation(Base):
    @classmethod
    async def VALIDATE_INPUTS(cls, way, path, nonce):
        await asyncio.sleep(0.01)
        HEARD["async" + nonce] = ways.tried(way, path)
        return True

    def run(self, way, path, nonce=""):
        return {"ui": {"text": [json.dumps({"async": HEARD.get("async" + nonce, "not run")})]}}


class TryInInputTypes(Base):
    """The node list shows what was found, as a combo would list files."""

    @classmethod
    def INPUT_TYPES(cls):
        named = os.environ.get("BATTERY_TARGET", "")
        found = {way: ways.tried(way, named) for way in ("ctypes_open", "ls", "exists")} if named else {}
        return {"required": {"found": ([json.dumps(found)],)}}


class Outlive(Base):
    """Starts a thread that tries after its prompt has ended, while another user's runs."""

    def run(self, way, path, nonce=""):
        def later():
            time.sleep(1)
            HEARD["outlived" + nonce] = ways.tried(way, path)

        threading.Thread(target=later, daemon=True).start()
        return {"ui": {"text": ["started"]}}


class Heard(Base):
    def run(self, way, path, nonce=""):
        return {"ui": {"text": [HEARD.get(way, "nothing yet")]}}

    @classmethod
    def IS_CHANGED(cls, **_):
        return uuid.uuid4().hex


class Own(Base):
    """What must work: the user's folders by function and variable, a temporary folder, programs and their temporary folder."""

    def run(self, way, path, nonce=""):
        import subprocess
        import tempfile

        import folder_paths

        found = {
            "function": folder_paths.get_output_directory(),
            "variable": folder_paths.output_directory,
            "input": folder_paths.input_directory,
            "temp": folder_paths.temp_directory,
            "tempfile": tempfile.mkdtemp(),
            "variable_of_environment": os.environ["TMPDIR"],
            "program": subprocess.run(["mktemp"], capture_output=True, text=True).stdout.strip(),
            "system": _system(),
            "multiprocessing": ways.in_process("spawn", _own_file(tempfile)).decode(),
        }
        return {"ui": {"text": [json.dumps(found)]}}


def _system():
    made = ways.own("system.txt")
    os.system(f"mktemp > '{made}'")
    return ways.read(made).decode().strip()


def _own_file(tempfile):
    with tempfile.NamedTemporaryFile("w", delete=False) as file:
        file.write("of my own")
    return file.name


class Fail(Base):
    """Tries an access and lets the error propagate, or swallows it."""

    def run(self, way, path, nonce=""):
        if way == "swallowed":
            try:
                open(path).close()
            except OSError:
                pass
            return {"ui": {"text": ["fine"]}}
        if way == "opencv":
            import cv2

            return {"ui": {"text": [str(cv2.imread(path).shape)]}}
        ways.WAYS[way](path)
        return {"ui": {"text": ["done"]}}


def _on_prompt(json_data):
    wanted = json_data.get("extra_data", {}).get("battery_path")
    if wanted:
        HEARD["on_prompt"] = ways.tried("ctypes_open", wanted)
    return json_data


def _register():
    from server import PromptServer

    PromptServer.instance.add_on_prompt_handler(_on_prompt)


if "server" in sys.modules:
    _register()

NODE_CLASS_MAPPINGS = {
    "BatteryTry": Try,
    "BatteryAsync": TryAsync,
    "BatteryServerLoop": TryOnServerLoop,
    "BatteryValidation": TryInValidation,
    "BatteryAsyncValidation": AsyncValidation,
    "BatteryInputTypes": TryInInputTypes,
    "BatteryOutlive": Outlive,
    "BatteryHeard": Heard,
    "BatteryOwn": Own,
    "BatteryFail": Fail,
}
