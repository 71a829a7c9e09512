"""A WebSocket to ComfyUI that collects its events."""

from __future__ import annotations

import asyncio
import threading
import time

import aiohttp
from comfyui_process import Visitor


class Socket:
    """Collects events until it is closed: JSON ones as dicts, the others as bytes."""

    def __init__(self, visitor: Visitor, client_id: str | None = None):
        self.events: list[dict | bytes] = []
        self.failed: BaseException | None = None
        # Once the other end has closed it.
        self.close_code: int | None = None
        self._url = visitor.url + "/ws" + ("" if client_id is None else f"?clientId={client_id}")
        self._headers = visitor.headers()
        self._open, self._end = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._collect()), daemon=True)
        self._thread.start()
        self._open.wait(60)

    async def _collect(self) -> None:
        try:
            async with aiohttp.ClientSession() as session, session.ws_connect(self._url, headers=self._headers) as socket:
                while not self._end.is_set():
                    try:
                        message = await socket.receive(timeout=0.1)
                    except asyncio.TimeoutError:
                        continue
                    if message.type == aiohttp.WSMsgType.TEXT:
                        self.events.append(message.json())
                    elif message.type == aiohttp.WSMsgType.BINARY:
                        self.events.append(message.data)
                    else:
                        self.close_code = socket.close_code
                        break
                    self._open.set()
        except aiohttp.ClientError as error:
            self.failed = error
        self._open.set()

    def __enter__(self) -> Socket:
        return self

    def __exit__(self, *_) -> None:
        self._end.set()
        self._thread.join(60)

    def types(self) -> set[str]:
        return {event["type"] if isinstance(event, dict) else "binary" for event in list(self.events)}

    def await_type(self, wanted: str, seconds: float = 60) -> bool:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if wanted in self.types():
                return True
            time.sleep(0.05)
        return False

    def await_close(self, seconds: float = 20) -> int | None:
        deadline = time.monotonic() + seconds
        while self.close_code is None and time.monotonic() < deadline:
            time.sleep(0.05)
        return self.close_code

    @property
    def sid(self) -> str:
        return next(event["data"]["sid"] for event in self.events if isinstance(event, dict) and "sid" in event["data"])
