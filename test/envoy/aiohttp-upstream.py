"""An upstream in ComfyUI's place: says which cookies aiohttp and http.cookies read. Prints its port."""

import asyncio
from http.cookies import CookieError, SimpleCookie

from aiohttp import web


def simple(lines):
    found = {}
    for line in lines:
        try:
            found |= {name: morsel.value for name, morsel in SimpleCookie(line).items()}
        except CookieError:
            continue
    return found


async def answer(request):
    lines = request.headers.getall("Cookie", [])
    return web.json_response(
        {"lines": lines, "aiohttp": dict(request.cookies), "simple": simple(lines)},
    )


async def main():
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(site._server.sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
