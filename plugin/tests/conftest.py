"""Shared by the unit tests and the ones with a real ComfyUI."""
