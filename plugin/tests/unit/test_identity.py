import base64
import hashlib
import hmac
import json

import comfyui_process
import pytest
from comfyui_process import GatewayKey
from comfyui_tenant import identity, verifier
from comfyui_tenant.context import Tenant
from comfyui_tenant.identity import identify
from comfyui_tenant.token_key import Keys, parse_keys
from comfyui_tenant.verifier import BAD_TOKEN, NO_KEY, REMEMBERED, Verifier

KEY, OLD, OTHER, SHARED = GatewayKey(), GatewayKey(), GatewayKey(), b"s" * 32
PUBLIC = parse_keys(KEY.public_file(OLD), "k")
# The tokens below are created on import and tested later: by this clock, no time passes.
NOW = 1_800_000_000
X = base64.urlsafe_b64decode(KEY.x + "=")


def now() -> float:
    return NOW


def token(key: GatewayKey | bytes, user: str, **spoiled) -> str:
    return comfyui_process.token(key, user, **{"iat": NOW, "exp": NOW + 300, **spoiled})


class Source:
    """Keys that a test changes; only `look` sees those in `written`, as within the first second."""

    def __init__(self, keys: Keys = PUBLIC, written: Keys | None = None):
        self.now, self.written = keys, written

    def keys(self) -> Keys:
        return self.now

    def look(self) -> Keys:
        self.now = self.written or self.now
        return self.now


def identified(users=("alice",), tokens=None, keys=PUBLIC, clock=now):
    sent = [token(KEY, "alice")] if tokens is None else tokens
    return identify(list(users), sent, Verifier(Source(keys), clock))


def test_a_valid_token_identifies_its_user():
    assert identified() == Tenant("alice", "u-alice", operator=False)


def test_a_token_of_the_previous_key_is_accepted_during_rotation():
    assert identified(tokens=[token(OLD, "alice")]) == Tenant("alice", "u-alice")


def test_only_the_role_operator_makes_an_operator():
    assert identified(tokens=[token(KEY, "alice", roles=["operator"])]).operator
    assert not identified(tokens=[token(KEY, "alice", roles=["admin"])]).operator
    assert not identified(tokens=[token(KEY, "alice", roles="operator")]).operator


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
        (["bob"], BAD_TOKEN),
        (["Alice"], BAD_TOKEN),
        (["%61lice"], BAD_TOKEN),
    ],
)
def test_a_request_needs_exactly_one_proved_user(users, refusal):
    assert identified(users) == refusal


def encoded(part: object) -> str:
    raw = part.encode() if isinstance(part, str) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def unsigned(claims: dict, algorithm="none") -> str:
    return f"{encoded({'alg': algorithm, 'typ': 'JWT'})}.{encoded(claims)}."


def by_hmac(key: bytes, header: dict, algorithm=hashlib.sha256, **changes) -> str:
    """Signed by hand, because libraries reject a public key as a shared one."""
    text = f"{encoded(header)}.{encoded(GOOD | changes)}"
    signature = hmac.new(key, text.encode(), algorithm).digest()
    return f"{text}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


def signed(header: dict, claims: object) -> str:
    """Signed with the right key, with any content."""
    text = f"{encoded(header)}.{encoded(claims)}"
    return f"{text}.{base64.urlsafe_b64encode(KEY.private.sign(text.encode())).decode().rstrip('=')}"


GOOD = {"iss": "comfy-tenant", "sub": "alice", "aud": KEY.audience, "iat": NOW, "exp": NOW + 300}
HEADER = {"alg": "EdDSA", "kid": KEY.kid}


def test_the_hand_made_tokens_are_valid_apart_from_the_tested_defect():
    assert identified(tokens=[signed(HEADER, GOOD)]) == Tenant("alice", "u-alice")


@pytest.mark.parametrize(
    "bad",
    [
        token(OTHER, "alice"),
        token(GatewayKey("comfyui-other"), "alice"),
        token(KEY, "alice", exp=NOW - 60),
        token(KEY, "alice", iat=NOW + 3600),
        token(KEY, "alice", iat=NOW + 3600, exp=NOW + 3900),
        token(KEY, "alice", nbf=NOW + 3600),
        token(KEY, "alice", nbf="0"),
        signed(HEADER, {**GOOD, "nbf": True}),
        token(KEY, "alice", iss="someone"),
        # For another ComfyUI, for `verify`, as in 0.1, or for several at once.
        *(token(KEY, "alice", aud=aud) for aud in ("other", "comfy-tenant-verify", "comfyui", [KEY.audience], "")),
        *(token(KEY, "alice", **{name: None}) for name in ("iss", "sub", "aud", "iat", "exp")),
        *(token(KEY, sub) for sub in ("default", "../alice", ".alice", "")),
        # Longer than ten minutes, or forever.
        token(KEY, "alice", iat=NOW, exp=NOW + 601),
        token(KEY, "alice", iat=NOW - 400, exp=NOW + 300),
        token(KEY, "alice", iat=0),
        token(KEY, "alice", exp=10**18),
        token(KEY, "alice", exp=10**400),
        token(KEY, "alice", iat=NOW, exp=NOW),
        # Not integers.
        *(signed(HEADER, {**GOOD, "exp": exp}) for exp in (NOW + 300.0, str(NOW + 300), True, [NOW + 300], None)),
        *(signed(HEADER, {**GOOD, "iat": iat}) for iat in (float(NOW), str(NOW), True, None)),
        signed(HEADER, json.dumps(GOOD).replace(str(NOW + 300), "1e400")),
        signed(HEADER, json.dumps(GOOD).replace(str(NOW + 300), "NaN")),
        *(signed(HEADER, {**GOOD, "sub": sub}) for sub in (7, ["alice"], {"alice": 1}, True)),
        signed(HEADER, [GOOD]),
        signed(HEADER, "alice"),
        # The header names the key, and the key determines the algorithm.
        signed({"alg": "EdDSA"}, GOOD),
        signed({**HEADER, "kid": OLD.kid}, GOOD),
        signed({**HEADER, "kid": [KEY.kid]}, GOOD),
        *(signed({**HEADER, "alg": alg}, GOOD) for alg in ("HS256", "none", "ES256", "Ed25519", "eddsa", None, 7)),
        signed({**HEADER, "crit": ["exp"]}, GOOD),
        signed({**HEADER, "jwk": KEY.jwk}, GOOD),
        # The public key used as a shared key.
        *(
            by_hmac(secret, header, algorithm)
            for secret in (X, KEY.x.encode(), KEY.public_file().encode(), b"")
            for header, algorithm in (
                ({"alg": "HS256"}, hashlib.sha256),
                ({"alg": "HS256", "kid": KEY.kid}, hashlib.sha256),
                ({"alg": "HS512", "kid": KEY.kid}, hashlib.sha512),
                ({"alg": "EdDSA", "kid": KEY.kid}, hashlib.sha256),
            )
        ),
        token(SHARED, "alice"),
        unsigned(GOOD),
        unsigned(GOOD, "None"),
        unsigned(GOOD, "EdDSA"),
        "x",
        "..",
        "a.b.c",
        "ä.ö.ü",
        "\udc80",
        "[" * 5000,
        token(KEY, "alice") + "x",
        token(KEY, "alice") + "\n",
    ],
)
def test_a_token_that_the_gateway_does_not_issue_is_refused(bad):
    assert identified(tokens=[bad]) == BAD_TOKEN


@pytest.mark.parametrize("tokens", [[], [""], [token(KEY, "alice")] * 2])
def test_a_request_needs_exactly_one_token(tokens):
    assert identified(tokens=tokens) == identity.NO_TOKEN


def test_a_shared_key_of_0_1_is_accepted_alone_and_during_migration():
    old = Keys(shared=(b"t" * 32, SHARED))
    both = Keys(PUBLIC.audience, PUBLIC.public, (SHARED,))
    for keys in (old, both):
        assert identified(tokens=[token(SHARED, "alice")], keys=keys) == Tenant("alice", "u-alice")
        assert identified(tokens=[token(SHARED, "alice", aud=KEY.audience)], keys=keys) == BAD_TOKEN
        assert identified(tokens=[token(SHARED, "alice", iat=NOW, exp=NOW + 601)], keys=keys) == BAD_TOKEN
        assert identified(tokens=[by_hmac(SHARED, {"alg": "HS384"}, hashlib.sha384, aud="comfyui")], keys=keys) == BAD_TOKEN
    assert identified(keys=both) == Tenant("alice", "u-alice")
    assert identified(keys=old) == BAD_TOKEN
    assert identified(tokens=[token(KEY, "alice", aud="comfyui")], keys=both) == BAD_TOKEN
    for secret in (X, KEY.x.encode(), KEY.public_file().encode()):
        assert identified(tokens=[by_hmac(secret, {"alg": "HS256"}, aud="comfyui")], keys=both) == BAD_TOKEN


def counted(monkeypatch) -> list:
    checked = []
    check = verifier.verify_token
    monkeypatch.setattr(verifier, "verify_token", lambda *args: checked.append(args) or check(*args))
    return checked


def test_a_token_is_verified_once_and_cached_only_by_its_digest(monkeypatch):
    checked, sent, own = counted(monkeypatch), token(KEY, "alice"), Verifier(Source(), now)
    assert [own.verify(sent, "alice") for _ in range(3)] == [Tenant("alice", "u-alice")] * 3
    assert len(checked) == 1
    assert sent not in repr(vars(own))


def test_the_number_of_cached_tokens_is_limited():
    own = Verifier(Source(), now)
    for n in range(REMEMBERED + 5):
        own.verify(token(KEY, f"user{n}"), f"user{n}")
    assert len(own._known) == REMEMBERED


def test_a_cached_token_expires_and_is_removed():
    clock = [NOW]
    own = Verifier(Source(), lambda: clock[0])
    sent = token(KEY, "alice")
    assert isinstance(own.verify(sent, "alice"), Tenant)
    clock[0] += 311
    assert own.verify(sent, "alice") == BAD_TOKEN
    assert not own._known


def test_setting_the_clock_back_does_not_prolong_a_cached_token():
    clock = [NOW]
    own = Verifier(Source(), lambda: clock[0])
    sent = token(KEY, "alice")
    assert isinstance(own.verify(sent, "alice"), Tenant)
    clock[0] -= 3600
    assert own.verify(sent, "alice") == BAD_TOKEN


def test_a_cached_token_is_valid_only_for_its_user():
    own = Verifier(Source(), now)
    sent = token(KEY, "alice")
    own.verify(sent, "alice")
    assert own.verify(sent, "bob") == BAD_TOKEN


def test_a_cached_token_is_dropped_when_its_key_is_removed():
    source = Source()
    own = Verifier(source, now)
    sent = token(OLD, "alice")
    assert isinstance(own.verify(sent, "alice"), Tenant)
    source.now = parse_keys(KEY.public_file(), "k")
    assert own.verify(sent, "alice") == BAD_TOKEN


def test_a_new_key_is_used_at_once():
    own = Verifier(Source(parse_keys(OLD.public_file(), "k"), written=PUBLIC), now)
    assert own.verify(token(KEY, "alice"), "alice") == Tenant("alice", "u-alice")


def test_without_a_key_all_requests_are_refused():
    for tokens in (None, [unsigned(GOOD)], [by_hmac(b"", {"alg": "HS256"})], [token(SHARED, "alice")]):
        assert identified(tokens=tokens, keys=Keys()) == NO_KEY
    assert identified(tokens=[], keys=Keys()) == identity.NO_TOKEN


def test_each_of_several_shared_keys_is_accepted():
    secrets = tuple(bytes([n]) * 32 for n in range(4))
    for secret in secrets:
        assert identified(tokens=[token(secret, "alice")], keys=Keys(shared=secrets)) == Tenant("alice", "u-alice")
    assert identified(tokens=[token(b"x" * 32, "alice")], keys=Keys(shared=secrets)) == BAD_TOKEN


@pytest.mark.parametrize(
    ("ahead", "accepted"), [(-11, False), (-10, True), (0, True), (300, True), (309, True), (310, False), (311, False)]
)
def test_a_token_is_valid_from_its_beginning_to_its_end_with_ten_seconds_for_the_clocks(ahead, accepted):
    result = identified(tokens=[signed(HEADER, GOOD)], clock=lambda: NOW + ahead)
    assert result == (Tenant("alice", "u-alice") if accepted else BAD_TOKEN)


def test_a_token_lives_for_ten_minutes_at_most():
    assert identified(tokens=[signed(HEADER, {**GOOD, "exp": NOW + 600})]) == Tenant("alice", "u-alice")
    assert identified(tokens=[signed(HEADER, {**GOOD, "exp": NOW + 601})]) == BAD_TOKEN


def test_a_cached_token_is_valid_exactly_until_it_expires():
    now = [float(NOW)]
    own = Verifier(Source(), lambda: now[0])
    sent = signed(HEADER, GOOD)
    assert isinstance(own.verify(sent, "alice"), Tenant)
    for ahead in (-10, 299.9):
        now[0] = NOW + ahead
        assert own._remembered(sent, PUBLIC) is not None
    for ahead in (-10.1, 300):
        now[0] = NOW
        own.verify(sent, "alice")
        now[0] = NOW + ahead
        assert own._remembered(sent, PUBLIC) is None


def test_the_refusals_have_their_status_code_and_message():
    assert (BAD_TOKEN.status, BAD_TOKEN.code) == (403, "bad_token")
    assert (NO_KEY.status, NO_KEY.code) == (503, "no_key")
