"""A pack without a profile: static folders, some of which must not be served, and routes."""

import gzip
import os
import tempfile

import folder_paths
from aiohttp import web
from server import PromptServer

NODE_CLASS_MAPPINGS = {}
WEB_DIRECTORY = "./web"

here = os.path.dirname(os.path.abspath(__file__))
app = PromptServer.instance.app
base = folder_paths.base_path
copy = os.path.join(base, "custom_nodes", "copied-pack")

app.router.add_static("/unknown/files", os.path.join(here, "files"), show_index=True, follow_symlinks=True)
app.router.add_static("/unknown/copied", os.path.join(copy, "files"), show_index=True, follow_symlinks=True)
app.router.add_static("/unknown/whole-pack", here, show_index=True)
app.router.add_static("/unknown/output", os.path.join(base, "output"), show_index=True)
app.router.add_static("/unknown/base", base, show_index=True)
app.router.add_static("/extensions/unknown-output", os.path.join(base, "output"), show_index=True)
app.router.add_static("/unknown/elsewhere", tempfile.gettempdir(), show_index=True)


@PromptServer.instance.routes.get("/unknown/list")
@PromptServer.instance.routes.get("/extensions/unknown-pack/list")
@PromptServer.instance.routes.get("/workflow_templates/unknown-pack/list")
async def listed(request):
    return web.json_response(["secret"])


@PromptServer.instance.routes.get("/_tenant/write-file")
async def write(request):
    with open(os.path.join(copy, "files", "later.js"), "w") as file:
        file.write("secret")
    with gzip.open(os.path.join(copy, "files", "sub", "deep.js.gz"), "wb") as file:
        file.write(b"secret")
    return web.json_response({})
