"""Results and node instances of one user are never used for another. Model files loaded by name alone are shared."""

from __future__ import annotations

from collections.abc import Collection

from . import context
from .hooks import Hook, wrap

HOOKS = (
    Hook("comfy_execution.caching", "CacheKeySetID.add_keys", ("self", "node_ids")),
    Hook("comfy_execution.caching", "CacheKeySetInputSignature.add_keys", ("self", "node_ids")),
)
# They read a model that every user may load and keep nothing of the user's, so that a big model is in memory once.
SHARED_LOADERS = frozenset(
    (
        "CheckpointLoaderSimple",
        "CLIPLoader",
        "CLIPVisionLoader",
        "ControlNetLoader",
        "DualCLIPLoader",
        "QuadrupleCLIPLoader",
        "StyleModelLoader",
        "TripleCLIPLoader",
        "UNETLoader",
        "UpscaleModelLoader",
        "VAELoader",
    )
)


def install(more_shared: Collection[str]) -> None:
    from comfy_execution import caching

    shared = SHARED_LOADERS.union(more_shared)
    for keys in (caching.CacheKeySetID, caching.CacheKeySetInputSignature):
        wrap(keys, "add_keys", lambda original: _salted(original, shared))


def _salted(original, shared: Collection[str]):
    async def add_keys(self, node_ids):
        known = set(self.keys)
        await original(self, node_ids)
        tenant = context.current()
        if tenant is None:
            raise PermissionError("a prompt runs without a user")
        for node_id in self.keys.keys() - known:
            if not is_shared(self.dynprompt.get_node(node_id), shared):
                self.keys[node_id] = (tenant.directory, self.keys[node_id])
                self.subcache_keys[node_id] = (tenant.directory, self.subcache_keys[node_id])

    return add_keys


def is_shared(node: dict, shared: Collection[str]) -> bool:
    """Whether a node's result may serve every user: a known loader that takes nothing from another node."""
    return node["class_type"] in shared and not any(isinstance(value, list) for value in node["inputs"].values())
