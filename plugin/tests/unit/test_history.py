from comfyui_tenant.history import OwnedHistory
from comfyui_tenant.ownership import OWNER


def entry(user):
    return {"prompt": (1, "id", {}, {OWNER: user}, [])}


def test_each_users_part_follows_additions_and_removals():
    history = OwnedHistory({"a": entry("alice")})
    history["b"] = entry("bob")
    history["a2"] = entry("alice")
    assert list(history.parts["alice"]) == ["a", "a2"]
    history.pop("a")
    history.pop("none", None)
    assert list(history.parts["alice"]) == ["a2"]
    assert list(history) == ["b", "a2"]


def test_a_reused_id_belongs_to_its_last_owner():
    history = OwnedHistory({"a": entry("alice")})
    history["a"] = entry("bob")
    assert list(history.parts["alice"]) == []
    assert list(history.parts["bob"]) == ["a"]


def test_a_full_history_drops_the_oldest_entry_of_the_user_with_the_most():
    history = OwnedHistory({"b": entry("bob"), "a1": entry("alice"), "a2": entry("alice")})
    assert history.next_to_drop() == "a1"
