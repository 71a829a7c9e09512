"""Multi-tenant mode for ComfyUI: each user sees only their own workflows, inputs and outputs."""

VERSION = "0.1.0"
