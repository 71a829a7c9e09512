"""Runs as many prompts as 20 users in an hour: threads, descriptors and memory must not grow.

`python bench/soak.py [prompts] [every how many to report]`; ends with 1 when they do. Linux only.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from battery import PACK  # noqa: E402
from comfyui_process import Comfyui, Visitor, graph, image, start  # noqa: E402

USERS, WARM_UP = 20, 0.2
# Nodes of the battery that start threads, pools and processes.
WAYS = ("pool_of_the_pack", "lazy_pool", "thread_pool", "thread", "fork", "lazy_process_pool", "processes_of_the_pack", "cat")
# Expected growth: the history of prompts, a few kilobytes each.
MEGABYTES_PER_1000_PROMPTS = 25


def state(comfyui: Comfyui) -> tuple[int, int, int, float]:
    proc = Path(f"/proc/{comfyui.process.pid}")
    pages = int((proc / "statm").read_text().split()[1])
    children = sum(1 for task in (proc / "task").iterdir() for _ in (task / "children").read_text().split())
    return len(list((proc / "task").iterdir())), len(list((proc / "fd").iterdir())), children, pages * 4096 / 1e6


def rest(visitor: Visitor) -> None:
    while visitor.ask("/prompt").json()["exec_info"]["queue_remaining"]:
        time.sleep(0.02)


def run(comfyui: Comfyui, count: int, every: int) -> list[tuple[int, int, int, float]]:
    users = [comfyui.visitor(f"user{n}") for n in range(USERS)]
    for user in users:
        user.upload("in.png", image())
    seen = []
    for n in range(count):
        user = users[n % USERS]
        user.run(graph("in.png", f"soak{n % 50}", text=str(n)))
        if n % 10 == 0:
            way = WAYS[(n // 10) % len(WAYS)]
            path = str(comfyui.base / "tenants" / f"u-{user.user}" / "input" / "in.png")
            user.run({"1": {"class_type": "BatteryTry", "inputs": {"way": way, "path": path, "nonce": str(n)}}})
        if n % USERS == USERS - 1:
            for other in users:
                rest(other)
        if n % every == every - 1:
            # Idle threads end after a while.
            time.sleep(16)
            seen.append(state(comfyui))
            print(f"{n + 1:6} prompts: %3d threads, %3d descriptors, %2d processes, %6.1f MB" % seen[-1], flush=True)
    return seen


def main(count: int, every: int) -> int:
    os.environ["BATTERY_VARIANTS"] = "0"
    with tempfile.TemporaryDirectory() as folder, start(Path(folder), nodes=(PACK,)) as comfyui:
        seen = run(comfyui, count, every)
    first, last = seen[max(0, int(len(seen) * WARM_UP))], seen[-1]
    allowed = MEGABYTES_PER_1000_PROMPTS * count / 1000
    leaks = [last[0] > first[0] + 2, last[1] > first[1] + 4, last[2] > first[2], last[3] > first[3] + allowed]
    print("leaks:", [name for name, leak in zip(("threads", "descriptors", "processes", "memory"), leaks, strict=True) if leak])
    return int(any(leaks))


if __name__ == "__main__":
    arguments = [int(word) for word in sys.argv[1:]]
    sys.exit(main(*(arguments or [4000]), *([500] if len(arguments) < 2 else [])))
