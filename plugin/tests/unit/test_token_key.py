import base64
import json

import pytest
from comfyui_process import GatewayKey
from comfyui_tenant.key_file import KeyFile
from comfyui_tenant.token_key import InvalidKey, MissingKey, PrivateKeyConfigured, parse_keys

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
