"""The places that all prompts may use, with the kernel's handles for them."""

from __future__ import annotations

from . import landlock
from .sandbox_policy import SHARED_MEMORY, Layout, Links, devices, readable_places, writable_places


class SharedPlaces:
    """What every prompt may read and write, at one point in time."""

    def __init__(self, version: int | None, layout: Layout, links: Links):
        self.read, self.write = tuple(readable_places(layout, links)), tuple(writable_places(layout))
        self.devices = tuple(devices())
        self.models = layout.models
        wanted = [
            *((path, landlock.READ) for path in self.read),
            *((path, landlock.WRITE) for path in self.write),
            *((path, landlock.DEVICE) for path in self.devices),
            (SHARED_MEMORY, landlock.SHARED_MEMORY),
        ]
        self.places = [] if version is None else landlock.places_of(version, wanted)

    @property
    def key(self) -> tuple[tuple[str, ...], ...]:
        return self.read, self.write, self.devices, self.models
