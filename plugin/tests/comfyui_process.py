"""A real ComfyUI from the checkout's .tools folder, with or without the plugin, and clients for it."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import json
import os
import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import jwt
import psutil
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from PIL import Image

PLUGIN = Path(__file__).resolve().parents[1]
# The ComfyUI under test: a folder with app, venv and frontend.
TOOLS = Path(os.environ.get("COMFY_TENANT_TEST_COMFYUI", PLUGIN.parent / ".tools" / "comfyui-0.3.75"))
VERSION = re.search(r'"(.+)"', (TOOLS / "app" / "comfyui_version.py").read_text())[1]
START_SECONDS = 180


@dataclass
class Answer:
    status: int
    body: bytes
    headers: dict

    def json(self):
        return json.loads(self.body)

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


def image(colour=(200, 30, 30), size=(16, 16)) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", size, colour).save(made, "PNG")
    return made.getvalue()


def graph(name: str, prefix: str = "out", wait: float | None = None, text: str = "hello") -> dict:
    """A graph from an input image to a saved output."""
    made = {
        "1": {"class_type": "DemoLoadImage", "inputs": {"image": name}},
        "2": {"class_type": "DemoInvert", "inputs": {"picture": ["1", 0], "text": text}},
        "3": {"class_type": "DemoSaveImage", "inputs": {"picture": ["2", 0], "filename_prefix": prefix}},
    }
    if wait is not None:
        made["4"] = {"class_type": "DemoWait", "inputs": {"picture": ["2", 0], "seconds": wait}}
        made["3"]["inputs"]["picture"] = ["4", 0]
    return made


class GatewayKey:
    """A gateway's private key, for one audience."""

    def __init__(self, audience: str = "comfyui-test"):
        self.private = Ed25519PrivateKey.generate()
        self.audience = audience
        self.x = _base64url(self.private.public_key().public_bytes_raw())
        thumbprint = json.dumps({"crv": "Ed25519", "kty": "OKP", "x": self.x}, separators=(",", ":"))
        self.kid = _base64url(hashlib.sha256(thumbprint.encode()).digest())

    @property
    def jwk(self) -> dict:
        return {"kty": "OKP", "crv": "Ed25519", "x": self.x, "kid": self.kid, "alg": "EdDSA", "use": "sig"}

    def public_file(self, *more: GatewayKey) -> str:
        return json.dumps({"audience": self.audience, "keys": [self.jwk, *(key.jwk for key in more)]})

    def private_file(self) -> str:
        return json.dumps({"keys": [{**self.jwk, "d": _base64url(self.private.private_bytes_raw())}]}, indent=2)


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


@dataclass
class Visitor:
    """One user at ComfyUI's port, with tokens as the gateway issues them."""

    url: str
    user: str
    key: GatewayKey | bytes | None
    roles: list[str] = field(default_factory=list)
    # More claims of the token.
    claims: dict = field(default_factory=dict)
    # What to report if a prompt does not finish.
    explain: Callable[[], str] = str

    def headers(self) -> dict[str, str]:
        if self.key is None:
            return {"X-FunArt-Comfy-UserId": self.user}
        return {
            "X-FunArt-Comfy-UserId": self.user,
            "X-FunArt-Comfy-Token": token(self.key, self.user, roles=self.roles or None, **self.claims),
        }

    def ask(self, path: str, method="GET", body=None, headers=None) -> Answer:
        content = json.dumps(body).encode() if isinstance(body, dict | list) else body
        sent = {**self.headers(), **({"Content-Type": "application/json"} if content is not body else {}), **(headers or {})}
        request = urllib.request.Request(self.url + path, data=content, method=method, headers=sent)
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return Answer(answer.status, answer.read(), dict(answer.headers))
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.read(), dict(error.headers))

    def post(self, path: str, body=None) -> Answer:
        return self.ask(path, "POST", {} if body is None else body)

    def upload(self, name: str, content: bytes, path="/upload/image", **fields: str) -> Answer:
        border = uuid.uuid4().hex
        parts = [f'--{border}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n'.encode() for k, v in fields.items()]
        parts.append(
            f'--{border}\r\nContent-Disposition: form-data; name="image"; filename="{name}"\r\n'
            "Content-Type: image/png\r\n\r\n".encode()
        )
        body = b"".join(parts) + content + f"\r\n--{border}--\r\n".encode()
        return self.ask(path, "POST", body, {"Content-Type": f"multipart/form-data; boundary={border}"})

    def run(self, prompt: dict, **more) -> str:
        answer = self.post("/prompt", {"prompt": prompt, **more})
        assert answer.status == 200, answer.text
        return answer.json()["prompt_id"]

    def finished(self, prompt_id: str, seconds: float = 120) -> dict:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found = self.ask(f"/history/{prompt_id}").json()
            if prompt_id in found:
                return found[prompt_id]
            time.sleep(0.05)
        raise AssertionError(f"prompt {prompt_id} did not finish within {seconds} s\n{self.explain()}")


def token(key: GatewayKey | bytes, user: str, **spoiled) -> str:
    """A token as the gateway issues it; with a bytes key, as comfy-tenant 0.1 did."""
    now = int(time.time())
    shared = isinstance(key, bytes)
    audience = "comfyui" if shared else key.audience
    claims = {"iss": "comfy-tenant", "sub": user, "aud": audience, "iat": now, "exp": now + 300, **spoiled}
    given = {k: v for k, v in claims.items() if v is not None}
    if shared:
        return jwt.encode(given, key, algorithm="HS256")
    return jwt.encode(given, key.private, algorithm="EdDSA", headers={"kid": key.kid, "typ": None})


@dataclass
class Comfyui:
    process: subprocess.Popen
    url: str
    base: Path
    key: GatewayKey | None
    log: Path

    def visitor(self, user: str, *roles: str) -> Visitor:
        return Visitor(self.url, user, self.key, list(roles), explain=self.stacks)

    def stacks(self) -> str:
        """The end of ComfyUI's log, with the stacks of its threads and of its child processes. Ends them."""
        if self.process.poll() is None and os.name == "posix":
            comfyui = psutil.Process(self.process.pid)
            for process in (*comfyui.children(recursive=True), comfyui):
                with contextlib.suppress(psutil.Error):
                    process.rlimit(psutil.RLIMIT_CORE, (0, 0))
                    # Python prints its stacks on this signal (PYTHONFAULTHANDLER).
                    process.send_signal(signal.SIGABRT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=20)
        return self.log.read_text(errors="replace")[-30_000:]

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=60)

    def __enter__(self) -> Comfyui:
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def prepare(base: Path, *, plugin=True, nodes: tuple[Path, ...] = (), links=True) -> list[str]:
    """Creates a base directory with custom nodes; returns the command that starts ComfyUI in it, without the port."""
    custom_nodes = base / "custom_nodes"
    custom_nodes.mkdir(parents=True, exist_ok=True)
    for source in (PLUGIN / "demo" / "nodes", *nodes, *((PLUGIN,) if plugin else ())):
        name = "comfy-tenant" if source == PLUGIN else source.name if source.name != "nodes" else "comfy-tenant-demo"
        if links:
            (custom_nodes / name).symlink_to(source)
    python = TOOLS / "venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    return [
        *(str(python), "main.py", "--cpu", "--listen", "127.0.0.1", "--base-directory", str(base)),
        *("--database-url", "sqlite:///:memory:", "--disable-auto-launch", "--disable-api-nodes"),
        *("--front-end-root", str(TOOLS / "frontend")),
    ]


def environment(key_file: Path | None, **more: str) -> dict[str, str]:
    own = {"PYTHONPATH": str(PLUGIN / "demo" / "torch-stub"), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONFAULTHANDLER": "1"}
    env = {**os.environ, **own, **more}
    env.pop("COMFY_TENANT_KEY_FILE", None)
    return {**env, **({} if key_file is None else {"COMFY_TENANT_KEY_FILE": str(key_file)}), **more}


def start(
    base: Path, *, plugin=True, with_key=True, args=(), settings: dict | None = None, nodes=(), env=None, launcher=()
) -> Comfyui:
    base.mkdir(parents=True, exist_ok=True)
    key, key_file, more = None, None, dict(env or {})
    if plugin and with_key:
        key, key_file = GatewayKey(), base / "public" / "comfyui.json"
        key_file.parent.mkdir(exist_ok=True)
        key_file.write_text(key.public_file())
        # As with a gateway under the same account.
        (base / "token.key").write_text(key.private_file())
        (base / "token.key").chmod(0o600)
    if settings is not None:
        (base / "settings.json").write_text(json.dumps(settings))
        more["COMFY_TENANT_SETTINGS"] = str(base / "settings.json")
    port, log = free_port(), base / "comfyui.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*launcher, *prepare(base, plugin=plugin, nodes=nodes), "--port", str(port), *args],
            cwd=TOOLS / "app",
            env=environment(key_file, **more),
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    running = Comfyui(process, f"http://127.0.0.1:{port}", base, key, log)
    _await_answer(running, port)
    return running


def _await_answer(running: Comfyui, port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and running.process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    running.process.kill()
    raise AssertionError("ComfyUI did not start:\n" + running.log.read_text()[-3000:])
