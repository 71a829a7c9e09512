"""Alice, who owns some of everything, and bob, who looks for it."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass

from comfyui_process import Visitor, graph

SECRET = "secret-of-alice"


def until(holds, seconds: float = 60) -> bool:
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


@dataclass
class World:
    alice: Visitor
    bob: Visitor
    done: str
    saved: str

    def busy(self, seconds: float = 60, **more) -> str:
        """Starts a prompt of alice's that runs until it is interrupted."""
        prompt_id = self.alice.run(graph(f"{SECRET}.png", SECRET, wait=seconds, text=uuid.uuid4().hex), **more)
        assert until(lambda: self.is_running(prompt_id))
        return prompt_id

    def is_running(self, prompt_id: str) -> bool:
        return any(item[1] == prompt_id for item in self.alice.ask("/queue").json()["queue_running"])

    def is_waiting(self, prompt_id: str) -> bool:
        return any(item[1] == prompt_id for item in self.alice.ask("/queue").json()["queue_pending"])

    def rest(self) -> None:
        for visitor in (self.alice, self.bob):
            visitor.post("/queue", {"clear": True})
            visitor.post("/interrupt")
        assert until(lambda: self.alice.ask("/prompt").json()["exec_info"]["queue_remaining"] == 0)
