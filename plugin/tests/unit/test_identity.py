import base64
import json
import time

import jwt
import pytest
from comfyui_process import token
from comfyui_tenant import identity
from comfyui_tenant.context import Tenant
from comfyui_tenant.identity import Verifier, identify

KEY, OLD, OTHER = b"k" * 64, b"o" * 64, b"z" * 64
NOW = int(time.time())


def judge(users=("alice",), tokens=None, peer="10.0.0.9", keys=(KEY, OLD), clock=time.time):
    sent = [token(KEY, "alice")] if tokens is None else tokens
    return identify(list(users), sent, peer, Verifier(lambda: keys, clock))


def test_the_user_of_a_good_token_is_taken():
    assert judge() == Tenant("alice", "u-alice", operator=False)


def test_a_token_of_the_key_before_is_taken_while_the_key_changes():
    assert judge(tokens=[token(OLD, "alice")]) == Tenant("alice", "u-alice")


def test_only_the_role_operator_makes_an_operator():
    assert judge(tokens=[token(KEY, "alice", roles=["operator"])]).operator
    assert not judge(tokens=[token(KEY, "alice", roles=["admin"])]).operator
    assert not judge(tokens=[token(KEY, "alice", roles="operator")]).operator


@pytest.mark.parametrize(
    ("users", "refusal"),
    [
        ([], identity.NO_USER),
        ([""], identity.NO_USER),
        (["alice", "alice"], identity.MANY_USERS),
        (["alice", ""], identity.MANY_USERS),
        (["alice,bob"], identity.BAD_USER),
        (["../bob"], identity.BAD_USER),
        (["default"], identity.BAD_USER),
        ([" "], identity.BAD_USER),
        (["bob"], identity.BAD_TOKEN),
        (["Alice"], identity.BAD_TOKEN),
        (["%61lice"], identity.BAD_TOKEN),
    ],
)
def test_without_exactly_one_proved_user_nobody_is_served(users, refusal):
    assert judge(users) == refusal


def unsigned(claims: dict, algorithm="none") -> str:
    parts = [{"alg": algorithm, "typ": "JWT"}, claims]
    return ".".join(base64.urlsafe_b64encode(json.dumps(p).encode()).decode().rstrip("=") for p in parts) + "."


GOOD = {"iss": "comfy-tenant", "sub": "alice", "aud": "comfyui", "iat": NOW, "exp": NOW + 300}


@pytest.mark.parametrize(
    "bad",
    [
        token(OTHER, "alice"),
        token(KEY, "alice", exp=NOW - 60),
        token(KEY, "alice", iat=NOW + 3600),
        token(KEY, "alice", nbf=NOW + 3600),
        token(KEY, "alice", iss="someone"),
        token(KEY, "alice", aud="other"),
        *(token(KEY, "alice", **{name: None}) for name in ("iss", "sub", "aud", "iat", "exp")),
        jwt.encode(GOOD, KEY, algorithm="HS384"),
        jwt.encode(GOOD, KEY, algorithm="HS512"),
        unsigned(GOOD),
        unsigned(GOOD, "None"),
        "x",
        "..",
        "a.b.c",
        "ä.ö.ü",
        token(KEY, "alice") + "x",
    ],
)
def test_a_token_that_the_gateway_would_not_make_is_refused(bad):
    assert judge(tokens=[bad]) == identity.BAD_TOKEN


@pytest.mark.parametrize("tokens", [[], [""], [token(KEY, "alice")] * 2])
def test_without_exactly_one_token_the_gateway_was_not_asked(tokens):
    assert judge(tokens=tokens) == identity.NO_TOKEN


def test_a_remembered_token_ends_with_its_time():
    now = [time.time()]
    verifier = Verifier(lambda: (KEY,), lambda: now[0])
    sent = token(KEY, "alice")
    assert isinstance(verifier.verify(sent, "alice"), Tenant)
    now[0] += 311
    assert verifier.verify(sent, "alice") == identity.BAD_TOKEN


def test_a_remembered_token_serves_no_other_user():
    verifier = Verifier(lambda: (KEY,))
    sent = token(KEY, "alice")
    verifier.verify(sent, "alice")
    assert verifier.verify(sent, "bob") == identity.BAD_TOKEN


def test_a_remembered_token_ends_when_its_key_is_taken_away():
    keys = [(KEY, OLD)]
    verifier = Verifier(lambda: keys[0])
    sent = token(OLD, "alice")
    assert isinstance(verifier.verify(sent, "alice"), Tenant)
    keys[0] = (KEY,)
    assert verifier.verify(sent, "alice") == identity.BAD_TOKEN


def test_without_a_readable_key_everyone_is_refused():
    assert judge(keys=()) == identity.NO_KEY


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.9.9.9", "::1"])
def test_without_a_key_file_this_machine_is_served(peer):
    assert identify(["alice"], [], peer, None) == Tenant("alice", "u-alice")


@pytest.mark.parametrize("peer", ["10.0.0.1", "192.168.1.5", "fe80::1", "0.0.0.0", "", None, "localhost"])
def test_without_a_key_file_no_other_machine_is_served(peer):
    assert identify(["alice"], [], peer, None) == identity.NOT_LOOPBACK
