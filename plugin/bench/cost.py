"""Measures the plugin's cost: alternates the same requests between a ComfyUI with and one without it.

`python bench/cost.py [seconds a case] [part of a case's name]` prints a table, in milliseconds a request: the median by the
clock, and the mean of ComfyUI's own processor time, which other work on the machine disturbs less. Linux only.
"""

from __future__ import annotations

import http.client
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from comfyui_process import Comfyui, Visitor, graph, image, start  # noqa: E402

ENTRIES, USERS = 1000, 100
TURNS = 12


class Client:
    """One persistent connection, so that only requests are measured."""

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
        # Below the limit of waiting prompts.
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
    # The counter continues, so that no result comes from the cache.
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


@dataclass
class Samples:
    """One server's results for one case: wall-clock seconds per request, and CPU seconds per round."""

    run: Callable[[], object]
    pid: int
    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def processor(self) -> float:
        # Linux's CPU clock of another process: all threads, in nanoseconds.
        return time.clock_gettime(~self.pid << 3 | 2)

    def once(self) -> None:
        begun = time.perf_counter()
        self.run()
        self.wall.append(time.perf_counter() - begun)


def a_turn(pair: tuple[Samples, Samples], seconds: float) -> None:
    """Alternates requests, so that other load on the machine affects both servers equally."""
    begun, before, count = time.perf_counter(), [of.processor() for of in pair], 0
    while time.perf_counter() < begun + seconds:
        for of in pair if count % 2 else reversed(pair):
            of.once()
        count += 1
    for of, at in zip(pair, before, strict=True):
        of.cpu.append((of.processor() - at) / count)


def main(seconds: float, wanted: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        servers = [start(Path(folder) / name, plugin=name == "plugin") for name in ("stock", "plugin")]
        try:
            stock, plugin = (cases(fill(server)) for server in servers)
            print(f"{ENTRIES} history entries of {USERS} users; {TURNS} turns of {seconds / TURNS:.2g} s for each case\n")
            print(f"{'':28}{'stock ms':>10}{'plugin ms':>11}{'ratio':>8}{'stock CPU':>11}{'plugin CPU':>12}{'ratio':>8}")
            for name in filter(lambda name: wanted in name, stock):
                pair = tuple(Samples(of[name], server.process.pid) for of, server in zip((stock, plugin), servers, strict=True))
                for _ in range(TURNS):
                    a_turn(pair, seconds / TURNS)
                wall = [statistics.median(of.wall) * 1000 for of in pair]
                # Not the median: garbage collection happens in few requests, but belongs to all.
                cpu = [statistics.fmean(of.cpu) * 1000 for of in pair]
                print(
                    f"{name:28}{wall[0]:10.3f}{wall[1]:11.3f}{wall[1] / wall[0]:8.2f}"
                    f"{cpu[0]:11.3f}{cpu[1]:12.3f}{cpu[1] / cpu[0]:8.2f}"
                )
        finally:
            for server in servers:
                server.stop()


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 6.0, sys.argv[2] if len(sys.argv) > 2 else "")
