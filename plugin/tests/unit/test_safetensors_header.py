"""Headers of safetensors files."""

import json
import struct

import pytest
from comfyui_tenant.safetensors_header import NotSafetensors, check_header, header_size


def tensor(dtype="F32", shape=(2,), offsets=(0, 8)):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}


def check(found, data=8):
    check_header(json.dumps(found).encode(), data)


def test_a_good_header_passes():
    check({"a": tensor(), "__metadata__": {"format": "pt"}})
    check({"b": tensor(offsets=(8, 16)), "a": tensor()}, 16)
    check({"empty": tensor(shape=(0,), offsets=(0, 0))}, 0)
    check({"scalar": tensor("F16", (), (0, 2))}, 2)
    check({}, 0)
    assert header_size(struct.pack("<Q", 10) + b"{}", 18) == 10


def test_what_the_library_writes_passes():
    numpy, save = pytest.importorskip("numpy"), pytest.importorskip("safetensors.numpy").save
    content = save({"a": numpy.zeros((3, 4), "float16"), "b": numpy.ones(5, "int64")}, {"by": "test"})
    size = header_size(content, len(content))
    check_header(content[8 : 8 + size], len(content) - 8 - size)


@pytest.mark.parametrize("prefix", [b"", b"1234567", struct.pack("<Q", 0), struct.pack("<Q", 2**63), struct.pack("<Q", 11)])
def test_a_wrong_size_is_refused(prefix):
    with pytest.raises(NotSafetensors):
        header_size(prefix, 18)


@pytest.mark.parametrize(
    "found",
    [
        [],
        "text",
        {"a": []},
        {"a": {"dtype": "F32"}},
        {"a": {**tensor(), "more": 1}},
        {"a": tensor("PICKLE")},
        {"a": tensor(dtype=["F32"])},
        {"a": tensor(shape=(3,))},
        {"a": tensor(shape=(-2,))},
        {"a": tensor(shape=(True, 2))},
        {"a": tensor(shape=(2.0,))},
        {"a": tensor(shape=(2**60, 2**60))},
        {"a": tensor(offsets=(8, 0))},
        {"a": tensor(offsets=(0, 8, 16))},
        {"a": tensor(offsets=(8, 16))},
        {"a": tensor(), "b": tensor()},
        {"a": tensor(), "b": tensor(offsets=(4, 12))},
        {"a": tensor(), "__metadata__": {"x": 1}},
        {"a": tensor(), "__metadata__": []},
        {},
    ],
)
def test_anything_else_is_refused(found):
    with pytest.raises(NotSafetensors):
        check(found)


@pytest.mark.parametrize("header", [b"{", b"\xff\xfe", b'{"a": NaN}', b"[" * 100_000])
def test_a_header_that_is_no_json_is_refused(header):
    with pytest.raises(NotSafetensors):
        check_header(header, 8)
