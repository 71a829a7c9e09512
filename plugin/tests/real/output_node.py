"""What the nodes of these test packs have in common. Each pack puts this folder on the import path."""


class OutputNode:
    """A node with a method `run`."""

    CATEGORY = "test"
    FUNCTION = "run"
    RETURN_TYPES = ()
    OUTPUT_NODE = True
    # Name → type.
    INPUTS = {}

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {name: (kind, {}) for name, kind in cls.INPUTS.items()}}
