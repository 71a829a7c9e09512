"""Validates the header of a safetensors file. Pure.

The format: https://github.com/huggingface/safetensors#format. Everything is checked that a C library would rely on.
"""

from __future__ import annotations

import json
import math
from typing import Any

PREFIX = 8
# Models have up to some hundred kilobytes; the library accepts 100 MB, whose JSON would keep the server busy.
MAX_HEADER = 4 * 1024 * 1024
_BITS = {
    **dict.fromkeys(("BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0"), 8),
    **dict.fromkeys(("I16", "U16", "F16", "BF16"), 16),
    **dict.fromkeys(("I32", "U32", "F32"), 32),
    **dict.fromkeys(("I64", "U64", "F64", "C64"), 64),
    **dict.fromkeys(("F4", "F6_E2M3", "F6_E3M2"), 0),
}


class NotSafetensors(ValueError):
    """The message says what is wrong, for the user."""


def header_size(prefix: bytes, total: int) -> int:
    """Bytes of the header that follows the first 8 bytes. @param total bytes of the file @raises NotSafetensors"""
    size = int.from_bytes(prefix[:PREFIX], "little") if len(prefix) >= PREFIX else 0
    if not 2 <= size <= MAX_HEADER or PREFIX + size > total:
        raise NotSafetensors("it does not begin with the size of a header")
    return size


def check_header(header: bytes, data: int) -> None:
    """@param data bytes after the header @raises NotSafetensors"""
    try:
        found = json.loads(header)
    except (ValueError, RecursionError) as error:
        raise NotSafetensors("its header is not JSON") from error
    if not isinstance(found, dict):
        raise NotSafetensors("its header is not a JSON object")
    metadata = found.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise NotSafetensors("__metadata__ must map names to texts")
    end = 0
    for begin, stop in sorted(_offsets_of(name, tensor) for name, tensor in found.items()):
        if begin != end:
            raise NotSafetensors("its tensors overlap or leave gaps")
        end = stop
    if end != data:
        raise NotSafetensors("it is cut off, or has more data than its header says")


def _offsets_of(name: str, tensor: Any) -> tuple[int, int]:
    if not isinstance(tensor, dict) or set(tensor) != {"dtype", "shape", "data_offsets"}:
        raise NotSafetensors(f"{name[:60]}: must have dtype, shape and data_offsets")
    bits, shape, offsets = _BITS.get(str(tensor["dtype"])), tensor["shape"], tensor["data_offsets"]
    if bits is None:
        raise NotSafetensors(f"{name[:60]}: unknown dtype")
    if not _sizes(shape) or not _sizes(offsets) or len(offsets) != 2 or offsets[0] > offsets[1]:
        raise NotSafetensors(f"{name[:60]}: shape and data_offsets must be lists of sizes")
    # Types of less than a byte have their own packing: only the bounds are checked.
    if bits and math.prod(shape) * bits // 8 != offsets[1] - offsets[0]:
        raise NotSafetensors(f"{name[:60]}: its data has another size than its shape")
    return offsets[0], offsets[1]


def _sizes(value: Any) -> bool:
    return isinstance(value, list) and all(type(size) is int and 0 <= size < 2**53 for size in value)
