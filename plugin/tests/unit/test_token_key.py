import base64

import pytest
from comfyui_tenant.token_key import KeyFault, KeyFile, fingerprint, parse_keys


def line(byte: bytes) -> str:
    return base64.urlsafe_b64encode(byte * 32).decode().rstrip("=")


def test_each_line_is_a_key_and_the_first_comes_first():
    assert parse_keys(f"\n{line(b'a')}\n\n {line(b'b')} \r\n", "k") == (b"a" * 32, b"b" * 32)


@pytest.mark.parametrize("text", ["", "\n \n"])
def test_an_empty_file_is_a_fault(text):
    with pytest.raises(KeyFault, match="^token.key: holds no key; start the gateway once, which makes it$"):
        parse_keys(text, "token.key")


@pytest.mark.parametrize("text", ["short", "!" * 50, base64.urlsafe_b64encode(b"a" * 31).decode(), "ä" * 50])
def test_a_line_that_is_no_key_is_named(text):
    with pytest.raises(KeyFault, match="^token.key:2: must be base64url of at least 32 random bytes; let the gateway"):
        parse_keys(f"{line(b'a')}\n{text}", "token.key")


def test_the_fingerprint_tells_keys_apart_and_not_what_they_are():
    assert fingerprint(b"a" * 32) == "3ba3f5f4"


def test_a_change_is_taken_after_a_second_and_a_fault_leaves_no_key(tmp_path):
    path, now = tmp_path / "token.key", [0.0]
    path.write_text(line(b"a"))
    file = KeyFile(str(path), lambda: now[0])
    assert file.keys() == (b"a" * 32,)
    path.write_text(line(b"b") + "\n" + line(b"a"))
    assert file.keys() == (b"a" * 32,)
    now[0] = 1.0
    assert file.keys() == (b"b" * 32, b"a" * 32)
    path.write_text("broken")
    now[0] = 2.0
    assert file.keys() == ()
    assert "must be base64url" in file.fault
    path.unlink()
    now[0] = 3.0
    assert file.keys() == ()
