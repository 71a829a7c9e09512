"""aiohttp's router with ComfyUI's routes, each also under /api.

`resolve`: says which route it chooses for each request on standard input, a JSON line each.
`serve`: answers each request with the name of its route. Prints its port.
"""

import asyncio
import json
import sys

from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from yarl import URL


async def answer(request):
    return web.json_response({"route": request.match_info.route.resource.canonical})


def build(routes):
    table = web.RouteTableDef()
    for method, path in routes:
        table.route(method, path)(answer)
    # As PromptServer.add_routes does.
    twins = web.RouteTableDef()
    for route in table:
        twins.route(route.method, "/api" + route.path)(route.handler)
    app = web.Application()
    app.add_routes(twins)
    app.add_routes(table)
    return app


async def resolve(app):
    for line in sys.stdin:
        method, target = json.loads(line)
        path, _, query = target.partition("?")
        request = make_mocked_request(method, "/")
        # As aiohttp's parser builds it.
        request._rel_url = URL.build(path=path, query_string=query, encoded=True)
        info = await app.router.resolve(request)
        found = None if info.http_exception is not None else info.route.resource.canonical
        print(json.dumps(found), flush=True)


async def serve(app):
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(site._server.sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()


asyncio.run({"resolve": resolve, "serve": serve}[sys.argv[1]](build(json.loads(sys.argv[2]))))
