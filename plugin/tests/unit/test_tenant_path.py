import pytest
from comfyui_tenant.tenant_path import directory_of, first_below, is_below, is_directory, is_user_id


@pytest.mark.parametrize("user", ["alice", "a.b", "A%2FB", "sso~alice", "%2E.", "%64efault", "a" * 200, "Default", "~"])
def test_user_ids_of_the_gateway_are_accepted(user):
    assert is_user_id(user)


@pytest.mark.parametrize(
    "user", ["", ".", "..", ".hidden", "default", "a/b", "a\\b", "a b", "%2f", "%2", "%", "ä", "a\n", "a\0", "a" * 201, "a:b"]
)
def test_anything_else_is_not_a_user_id(user):
    assert not is_user_id(user)


def test_plain_ids_keep_their_name_and_others_are_hashed():
    assert directory_of("alice-1_x") == "u-alice-1_x"
    assert directory_of("Alice").startswith("x-")
    assert len(directory_of("a" * 200)) == 54


def test_different_ids_get_different_directories():
    ids = ["alice", "Alice", "ALICE", "alice.", "x-alice", "u-alice", "%61lice", "_alice", "-alice", "con", "a" * 62, "a" * 63]
    directories = [directory_of(user) for user in ids]
    assert len({name.casefold() for name in directories}) == len(ids)
    assert all(map(is_directory, directories))


@pytest.mark.parametrize("user", ["con", "nul", "aux", "com1", "__system", "..", "%2E%2E"])
def test_no_directory_is_a_device_a_system_user_or_a_parent_folder(user):
    name = directory_of(user)
    assert name[:2] in ("u-", "x-")
    assert not set(name) & set("./\\:")


@pytest.mark.parametrize("name", ["default", "u-", "u-A", "x-short", "__system", "u-../x", "U-alice", ""])
def test_other_folders_are_not_users_folders(name):
    assert not is_directory(name)


@pytest.mark.parametrize(
    ("path", "root", "sep", "entry"),
    [
        ("/base/tenants/u-bob/x", "/base/tenants", "/", "u-bob"),
        ("/base/TENANTS/U-BOB/x", "/base/tenants", "/", "u-bob"),
        ("/base/tenants", "/base/tenants", "/", ""),
        ("/base/tenants2/u-bob", "/base/tenants", "/", None),
        ("/base", "/base/tenants", "/", None),
        (r"C:\base\tenants\u-bob\x", r"C:\base\tenants", "\\", "u-bob"),
        (r"c:\BASE\Tenants\U-Bob", r"C:\base\tenants", "\\", "u-bob"),
        (r"C:/base/tenants/u-bob/x", r"C:\base\tenants", "\\", "u-bob"),
        (r"\\?\C:\base\tenants\u-bob\x", r"C:\base\tenants", "\\", "u-bob"),
        (r"C:\base\tenants.\u-bob. \x", r"C:\base\tenants", "\\", "u-bob"),
        (r"D:\base\tenants\u-bob", r"C:\base\tenants", "\\", None),
    ],
)
def test_the_first_component_of_a_path_follows_the_rules_of_each_system(path, root, sep, entry):
    assert first_below(path, root, sep) == entry
    assert is_below(path, root, sep) == (entry is not None)


@pytest.mark.parametrize(
    ("path", "root", "entry"),
    [
        ("/t/u-alice/input/x", "/t", "u-alice"),
        ("/t/u-alice", "/t/", "u-alice"),
        ("/t", "/t", ""),
        ("/x", "/t", None),
        ("/a/b", "/", "a"),
        ("/tX/a", "/t", None),
    ],
)
def test_the_default_separator_is_a_slash(path, root, entry):
    assert first_below(path, root) == entry
    assert is_below(path, root) == (entry is not None)


def test_an_empty_tail_is_cut_by_the_separator_and_not_by_spaces():
    assert not is_below("/a /b", "/a")
    assert is_below("/a /b", "/a ")
    assert first_below("/a /b/c", "/a ") == "b"
