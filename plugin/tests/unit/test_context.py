import threading

import pytest
from comfyui_tenant import context
from comfyui_tenant.context import Housekeeping, Tenant
from comfyui_tenant.ownership import OWNER, history_owner, is_visible, owner

ALICE, OPERATOR = Tenant("alice", "u-alice"), Tenant("root", "u-root", operator=True)


def test_without_a_user_there_is_none():
    assert context.current() is None and context.snapshot() is None and context.current_run() is None
    with pytest.raises(PermissionError, match="^comfy-tenant: no user$"):
        context.require()


def test_a_user_is_current_until_they_leave():
    token = context.enter(ALICE)
    try:
        assert context.current() is context.require() is context.snapshot() is ALICE
    finally:
        context.leave(token)
    assert context.current() is None


def test_the_user_before_is_current_again_even_after_an_error():
    with context.as_tenant(OPERATOR):
        with pytest.raises(ValueError), context.as_tenant(ALICE):
            assert context.current() is ALICE
            raise ValueError
        assert context.current() is OPERATOR
    assert context.current() is None


def test_the_plugins_own_work_is_no_users():
    own = Housekeeping()
    with context.as_tenant(own):
        assert context.current() is None and context.current_run() is None
        assert context.snapshot() is own
        with pytest.raises(PermissionError):
            context.require()


def test_a_prompts_run_is_known_only_in_its_own_code():
    run = object()
    with context.as_tenant(Tenant("alice", "u-alice", run=run)):
        assert context.current_run() is run
    with context.as_tenant(ALICE):
        assert context.current_run() is None


def test_another_thread_has_no_user_of_its_own():
    seen = []
    with context.as_tenant(ALICE):
        thread = threading.Thread(target=lambda: seen.append(context.current()))
        thread.start()
        thread.join()
    assert seen == [None]


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ((0, "id", {}, {OWNER: "u-alice"}, []), "u-alice"),
        ((0, "id", {}, {OWNER: "u-alice"}), "u-alice"),
        ((0, "id", {}), None),
        ((), None),
        ((0, "id", {}, {}, []), None),
        ((0, "id", {}, None, []), None),
        ((0, "id", {}, [OWNER], []), None),
    ],
)
def test_an_item_belongs_to_the_user_that_it_names_or_to_nobody(item, expected):
    assert owner(item) == expected
    assert history_owner({"prompt": item}) == expected


@pytest.mark.parametrize(
    ("user", "directory", "visible"),
    [
        (ALICE, "u-alice", True),
        (ALICE, "u-bob", False),
        (ALICE, None, False),
        (OPERATOR, "u-bob", True),
        (OPERATOR, None, True),
        (None, "u-bob", True),
    ],
)
def test_users_see_their_own_items_operators_and_the_server_see_all(user, directory, visible):
    with context.as_tenant(user):
        assert is_visible(directory) == visible
