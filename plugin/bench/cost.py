"""What the plugin costs: the same requests to a ComfyUI with it and to one without, in turns, in one run.

`python bench/cost.py [seconds a case]` prints a table; the ratio is of medians, plugin to stock.
"""

from __future__ import annotations

import http.client
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from comfyui_process import Comfyui, Visitor, graph, image, start  # noqa: E402

ENTRIES, USERS = 1000, 100
ROUNDS = 6


class Client:
    """One connection that is kept, so that only the request is measured."""

    def __init__(self, visitor: Visitor):
        self.visitor = visitor
        self._connection = http.client.HTTPConnection(visitor.url.removeprefix("http://"))
        self._headers = visitor.headers()

    def ask(self, path: str, method="GET", body: bytes | None = None) -> bytes:
        self._connection.request(method, path, body, {**self._headers, "Content-Type": "application/json"})
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{method} {path}: {answer.status} {content[:200]!r}")
        return content


def fill(comfyui: Comfyui) -> Client:
    """1,000 history entries of 100 users (of one, without the plugin)."""
    users = [comfyui.visitor(f"user{n}") for n in range(USERS)]
    for user in users if comfyui.key else users[:1]:
        user.upload("in.png", image())
    for n in range(ENTRIES):
        users[n % USERS].run(graph("in.png", "out", text=str(n)))
        # Below the number of prompts that may wait.
        if n % 50 == 49:
            while client_of(users[0], "/prompt")["exec_info"]["queue_remaining"]:
                time.sleep(0.02)
    last = users[(ENTRIES - 1) % USERS]
    while client_of(last, "/prompt")["exec_info"]["queue_remaining"]:
        time.sleep(0.05)
    return Client(users[0])


def client_of(visitor: Visitor, path: str):
    return visitor.ask(path).json()


def a_prompt(client: Client, n: list[int]) -> None:
    n[0] += 1
    body = json.dumps({"prompt": graph("in.png", "bench", text=f"bench{n[0]}")}).encode()
    prompt_id = json.loads(client.ask("/prompt", "POST", body))["prompt_id"]
    while json.loads(client.ask(f"/history/{prompt_id}")) == {}:
        time.sleep(0.0005)


def cases(client: Client) -> dict:
    # The count goes on, so that no run is taken from the cache.
    count = [int(time.time() * 1000)]
    name = "out_00001_.png"
    return {
        "GET /queue": lambda: client.ask("/queue"),
        "GET /history": lambda: client.ask("/history"),
        "GET /history?max_items=10": lambda: client.ask("/history?max_items=10"),
        "GET /view": lambda: client.ask(f"/view?filename={name}&type=output"),
        "GET /object_info": lambda: client.ask("/object_info"),
        "a trivial prompt": lambda: a_prompt(client, count),
    }


def sample(case, seconds: float) -> list[float]:
    taken, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end:
        begun = time.perf_counter()
        case()
        taken.append(time.perf_counter() - begun)
    return taken


def main(seconds: float) -> None:
    with tempfile.TemporaryDirectory() as folder:
        servers = [start(Path(folder) / name, plugin=name == "plugin") for name in ("stock", "plugin")]
        try:
            stock, plugin = (cases(fill(server)) for server in servers)
            print(f"{ENTRIES} history entries of {USERS} users; medians of {ROUNDS} turns of {seconds / ROUNDS:.2g} s each\n")
            print(f"{'':28}{'stock ms':>10}{'plugin ms':>11}{'ratio':>8}")
            for name in stock:
                times: tuple[list[float], list[float]] = ([], [])
                for turn in range(ROUNDS):
                    for which, of in ((0, stock), (1, plugin)) if turn % 2 else ((1, plugin), (0, stock)):
                        times[which].extend(sample(of[name], seconds / ROUNDS))
                one, other = (statistics.median(found) * 1000 for found in times)
                print(f"{name:28}{one:10.3f}{other:11.3f}{other / one:8.2f}")
        finally:
            for server in servers:
                server.stop()


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 6.0)
