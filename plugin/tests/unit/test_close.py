"""Who may close WebSockets, and which."""

import time

import pytest
from comfyui_process import GatewayKey, token
from comfyui_tenant import context
from comfyui_tenant.close_route import parse, refusal_of
from comfyui_tenant.context import SignedIn, Tenant
from comfyui_tenant.open_sockets import OpenSockets, Revoked
from comfyui_tenant.token_key import parse_keys
from comfyui_tenant.verifier import BAD_TOKEN, NO_KEY, Verifier

KEY = GatewayKey()
PUBLIC = parse_keys(KEY.public_file(), "k")


class Source:
    def __init__(self, keys=PUBLIC):
        self.now = keys

    def keys(self):
        return self.now

    def look(self):
        return self.now


def closing(**spoiled) -> str:
    return token(KEY, **{"user": None, "rights": ["close"], **spoiled})


def refusal(*tokens: str, users=(), source=None):
    return refusal_of(list(users), list(tokens), Verifier(source or Source()))


def test_a_token_with_the_right_may():
    assert refusal(closing()) is None


@pytest.mark.parametrize(
    "sent",
    [
        [],
        [closing(), closing()],
        [token(KEY, "alice")],
        [token(KEY, "alice", roles=["operator"])],
        [token(KEY, "alice", rights=["close"])],
        [closing(rights=["read"])],
        [closing(rights=["close", "read"])],
        [closing(rights="close")],
        [closing(rights=None)],
        [closing(roles=["operator"])],
        [closing(aud="comfyui-of-another")],
        [closing(iss="someone")],
        [closing(exp=int(time.time()) - 60)],
        [closing(exp=int(time.time()) + 3600)],
        [closing(iat=int(time.time()) + 60)],
        [token(GatewayKey(), None, rights=["close"])],
    ],
)
def test_no_other_token_may(sent):
    assert refusal(*sent) == BAD_TOKEN


def test_a_request_of_a_user_may_not_whatever_its_token():
    assert refusal(closing(), users=["alice"]) == BAD_TOKEN


def test_nobody_may_without_a_key():
    assert refusal(closing(), source=Source(parse_keys("s" * 43, "k").__class__())) == NO_KEY


@pytest.mark.parametrize("user", ["alice", "", "close"])
def test_a_token_with_the_right_may_do_nothing_else(user):
    assert Verifier(Source()).verify(closing(), user) == BAD_TOKEN
    assert Verifier(Source()).verify(token(KEY, "alice", rights=["close"]), "alice") == BAD_TOKEN


def test_a_users_token_carries_when_and_with_which_session_they_signed_in():
    def signed_in(**claims):
        found = Verifier(Source()).verify(token(KEY, "alice", **claims), "alice")
        return found.signed_in if isinstance(found, Tenant) else found

    assert signed_in() is None
    assert signed_in(ait=5) == SignedIn(5)
    assert signed_in(ait=5, sid="s") == SignedIn(5, "s")
    for claims in ({"sid": "s"}, {"ait": "5"}, {"ait": True}, {"ait": 5, "sid": 5}, {"ait": 5.5}):
        assert signed_in(**claims) == BAD_TOKEN, claims


ALICE = Tenant("alice", "u-alice", signed_in=SignedIn(100, "one"))
PASSWORD = Tenant("alice", "u-alice")
JWT = Tenant("alice", "u-alice", signed_in=SignedIn(100))


@pytest.mark.parametrize(
    ("revoked", "closed"),
    [
        (Revoked(user="alice"), [ALICE, PASSWORD, JWT]),
        (Revoked(user="bob"), []),
        (Revoked(session="one"), [ALICE]),
        (Revoked(session="two"), []),
        (Revoked(user="bob", session="one"), []),
        (Revoked(user="alice", issued_before=101), [ALICE, PASSWORD, JWT]),
        (Revoked(user="alice", issued_before=100), [PASSWORD]),
        (Revoked(issued_before=101), [ALICE, PASSWORD, JWT]),
    ],
)
def test_a_revocation_concerns_what_matches_every_field(revoked, closed):
    assert [tenant for tenant in (ALICE, PASSWORD, JWT) if revoked.concerns(tenant)] == closed


def test_a_request_that_was_already_on_its_way_is_refused_for_a_while():
    now = [0.0]
    sockets = OpenSockets(lambda: now[0])
    assert not sockets.is_revoked(ALICE)
    sockets.close([Revoked(user="alice", issued_before=101)])
    assert sockets.is_revoked(ALICE) and sockets.is_revoked(JWT)
    assert not sockets.is_revoked(Tenant("alice", "u-alice", signed_in=SignedIn(101, "two")))
    # A new password may already be in use.
    assert not sockets.is_revoked(PASSWORD)
    now[0] = 900.0
    assert not sockets.is_revoked(ALICE)


def test_code_of_a_user_cannot_close_anything():
    with context.as_tenant(ALICE), pytest.raises(PermissionError):
        OpenSockets().close([Revoked(user="bob")])


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {},
        {"close": {}},
        {"close": [{}]},
        {"close": ["alice"]},
        {"close": [{"usr": "alice"}]},
        {"close": [{"user": None}]},
        {"close": [{"user": ""}, {"issuedBefore": "5"}]},
        {"close": [{"issuedBefore": True}]},
        {"close": [], "also": 1},
    ],
)
def test_a_body_that_is_not_understood_is_refused(body):
    assert parse(body) is None


def test_each_entry_of_a_body_is_read():
    assert parse({"close": []}) == []
    assert parse({"close": [{"user": "alice", "issuedBefore": 5}, {"session": "one"}]}) == [
        Revoked("alice", None, 5),
        Revoked(session="one"),
    ]
