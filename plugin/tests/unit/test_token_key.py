import base64
import json
import re

import pytest
from comfyui_process import GatewayKey
from comfyui_tenant import context, key_file
from comfyui_tenant.key_file import KeyFile
from comfyui_tenant.token_key import InvalidKey, Keys, MissingKey, PrivateKeyConfigured, parse_keys

KEY, OTHER = GatewayKey(), GatewayKey()


def line(byte: bytes) -> str:
    return base64.urlsafe_b64encode(byte * 32).decode().rstrip("=")


def test_a_public_key_file_contains_the_audience_and_keys_by_thumbprint():
    keys = parse_keys(KEY.public_file(OTHER), "k")
    assert (keys.audience, list(keys.public), keys.shared) == ("comfyui-test", [KEY.kid, OTHER.kid], ())
    assert (keys.kind, keys.fingerprint) == ("public", KEY.kid[:8])


def test_the_thumbprint_follows_rfc_8037():
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
    keys = parse_keys(json.dumps({"audience": "a", "keys": [{**jwk, "kid": "another"}]}), "k")
    assert list(keys.public) == ["kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"]


def public(**changes) -> str:
    return json.dumps({"audience": "a", "keys": [{**KEY.jwk, **changes}]})


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{", "is not valid JSON"),
        (json.dumps({"keys": []}), "contains no key"),
        (json.dumps({"keys": {}}), "contains no key"),
        (json.dumps({"keys": [KEY.jwk]}), "has no audience"),
        (json.dumps({"audience": "", "keys": [KEY.jwk]}), "has no audience"),
        (json.dumps({"audience": ["a"], "keys": [KEY.jwk]}), "has no audience"),
        (json.dumps({"audience": "a", "keys": ["x"]}), r"keys\[0\]: must be a public Ed25519 key"),
        (public(kty="EC"), "must be a public Ed25519 key"),
        (public(crv="X25519"), "must be a public Ed25519 key"),
        (public(x="AAAA"), "must be a public Ed25519 key"),
        (public(x=1), "must be a public Ed25519 key"),
        ("", "contains no key; start the gateway once to create it$"),
        ("\n \n", "contains no key"),
        ("short", "1: must be base64url of at least 32 random bytes"),
        (line(b"a") + "\n" + "!" * 50, "2: must be base64url of at least 32 random bytes"),
    ],
)
def test_an_invalid_key_file_is_reported_with_the_rule(text, fault):
    with pytest.raises(InvalidKey, match=f"^comfyui.json: ?.*{fault}"):
        parse_keys(text, "comfyui.json")


def test_a_private_key_is_refused():
    with pytest.raises(PrivateKeyConfigured):
        parse_keys(KEY.private_file(), "token.key")


def test_each_line_of_a_0_1_key_file_is_a_shared_key():
    keys = parse_keys(f"\n{line(b'a')}\n\n {line(b'b')} \r\n", "k")
    assert (keys.shared, dict(keys.public), keys.audience) == ((b"a" * 32, b"b" * 32), {}, None)
    assert (keys.kind, keys.fingerprint) == ("shared", "3ba3f5f4")


def test_a_change_applies_within_a_second_or_at_once_and_an_error_leaves_no_key(tmp_path):
    path, now = tmp_path / "comfyui.json", [0.0]
    path.write_text(KEY.public_file())
    file = KeyFile(str(path), lambda: now[0])
    assert list(file.keys().public) == [KEY.kid]
    path.write_text(OTHER.public_file(KEY))
    assert list(file.keys().public) == [KEY.kid]
    assert list(file.look().public) == [OTHER.kid, KEY.kid]
    path.write_text("{broken")
    now[0] = 1.0
    assert (bool(file.keys()), file.kind) == (False, "invalid")
    assert "is not valid JSON" in file.error
    path.write_text(KEY.public_file())
    now[0] = 2.0
    assert (list(file.keys().public), file.kind, file.error) == ([KEY.kid], "public", None)
    path.unlink()
    now[0] = 3.0
    assert (bool(file.keys()), file.kind) == (False, "missing")


def names(tmp_path, **texts: str) -> str:
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    return ":".join(str(tmp_path / name) for name in texts)


@pytest.mark.parametrize(
    ("texts", "kind"),
    [
        ({}, "unset"),
        ({"a": KEY.public_file()}, "public"),
        ({"a": line(b"a")}, "shared"),
        ({"a": KEY.public_file(), "b": line(b"a")}, "both"),
        ({"b": line(b"a"), "a": KEY.public_file()}, "both"),
        ({"a": KEY.private_file()}, "private"),
        ({"a": KEY.public_file(), "b": KEY.private_file()}, "private"),
        ({"a": KEY.public_file(), "b": OTHER.public_file()}, "invalid"),
    ],
)
def test_the_kind_of_the_key_files_is_reported(tmp_path, texts, kind):
    file = KeyFile(names(tmp_path, **texts))
    assert bool(file.keys()) == (kind in ("public", "shared", "both"))
    assert file.kind == kind


def test_deleting_the_shared_key_ends_the_migration(tmp_path):
    file = KeyFile(names(tmp_path, a=KEY.public_file(), b=line(b"a")))
    assert file.keys().shared
    (tmp_path / "b").unlink()
    assert (file.look().kind, file.kind, file.error) == ("public", "public", None)


def test_a_shared_key_is_not_used_if_the_public_file_is_missing(tmp_path):
    file = KeyFile(names(tmp_path, a=KEY.public_file(), b=line(b"a")))
    (tmp_path / "a").unlink()
    assert (bool(file.look()), file.kind) == (False, "missing")


def test_a_missing_key_file_is_a_separate_error():
    assert MissingKey.kind == "missing"


def test_the_message_about_a_private_key_names_the_file_and_the_fix():
    message = "^token.key: is the gateway's private key: use its public file, such as public/comfyui.json$"
    with pytest.raises(PrivateKeyConfigured, match=message):
        parse_keys(KEY.private_file(), "token.key")


def test_leading_space_does_not_hide_a_public_file():
    assert parse_keys(" \n" + KEY.public_file(), "k").kind == "public"


@pytest.mark.parametrize("spoil", [lambda x: x[:20] + "!" + x[20:], lambda x: x + " ", lambda x: x[:20] + "\n" + x[20:]])
def test_base64_is_decoded_strictly(spoil):
    for text in (public(x=spoil(KEY.x)), spoil(line(b"a"))[:20] + "!" + line(b"a")[20:]):
        with pytest.raises(InvalidKey):
            parse_keys(text, "k")


def test_a_shared_key_has_at_least_32_bytes():
    exactly, short = (base64.urlsafe_b64encode(b"a" * size).decode() for size in (32, 31))
    assert parse_keys(exactly, "k").shared == (b"a" * 32,)
    with pytest.raises(InvalidKey):
        parse_keys(short, "k")


def test_the_kind_and_the_fingerprint_of_no_key_are_known():
    assert (Keys().kind, Keys().fingerprint, bool(Keys())) == ("invalid", None, False)


@pytest.mark.parametrize(
    ("texts", "error"),
    [
        ({}, "^COMFY_TENANT_KEY_FILE is not set: set it to the file with the gateway's public keys$"),
        ({"a": KEY.public_file(), "b": OTHER.public_file()}, "^COMFY_TENANT_KEY_FILE names two files with public keys"),
        ({"a": "{"}, "/a: is not valid JSON"),
        ({"a": "ä" * 50}, "/a: cannot be read: .*ascii"),
    ],
)
def test_an_error_names_the_file_or_the_variable(tmp_path, texts, error):
    file = KeyFile(names(tmp_path, **texts) or None)
    assert not file.keys()
    assert re.search(error, file.error), file.error


def test_a_missing_file_is_named(tmp_path):
    file = KeyFile(str(tmp_path / "none.json"))
    assert (bool(file.keys()), file.kind, file.error) == (False, "missing", f"{tmp_path}/none.json: does not exist")


def test_before_the_first_look_there_is_no_key(tmp_path):
    file = KeyFile(names(tmp_path, a=KEY.public_file()))
    assert (file._keys, file.kind, file.error) == (Keys(), "unset", None)


def test_the_audience_of_the_public_file_stays_next_to_a_shared_key(tmp_path):
    assert KeyFile(names(tmp_path, a=line(b"a"), b=KEY.public_file())).keys().audience == KEY.audience


def test_unchanged_files_are_not_read_again_and_unreadable_ones_are(tmp_path, monkeypatch):
    read = []
    original = key_file._read
    monkeypatch.setattr(key_file, "_read", lambda path: read.append(path) or original(path))
    file = KeyFile(names(tmp_path, a=KEY.public_file()))
    for _ in range(3):
        assert file.look()
    assert len(read) == 1
    (tmp_path / "a").write_text("{")
    for _ in range(3):
        assert not file.look()
    assert len(read) == 4


def test_the_files_are_read_as_the_plugins_own_work(tmp_path, monkeypatch):
    seen = []
    original = key_file._read
    monkeypatch.setattr(key_file, "_read", lambda path: seen.append(context.snapshot()) or original(path))
    with context.as_tenant(context.Tenant("alice", "u-alice")):
        KeyFile(names(tmp_path, a=KEY.public_file())).look()
    assert [type(one) for one in seen] == [context.Housekeeping]
