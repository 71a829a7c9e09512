import pytest
from comfyui_tenant.settings import Settings, SettingsError, parse_settings, read_settings


def test_without_a_file_the_defaults_apply():
    assert read_settings(None) == read_settings("") == Settings()


def test_paths_in_a_yaml_file_are_relative_to_it(tmp_path):
    text = "tenantsDir: t\nallowRoutes: ['GET /x']\nmaxQueued: 3\nquotaBytes: 10\nminFreeBytes: 5\nprivate: [a, /b]\n"
    (tmp_path / "s.yaml").write_text(text)
    private = (str(tmp_path / "a"), "/b")
    assert read_settings(str(tmp_path / "s.yaml")) == Settings(str(tmp_path / "t"), ("GET /x",), (), 3, 10, 5, private=private)


def test_an_empty_file_means_the_defaults():
    assert parse_settings(None, "s.yaml") == Settings()


def test_all_errors_are_reported_at_once_with_a_fix():
    with pytest.raises(SettingsError) as caught:
        parse_settings({"maxQueue": 3, "quotaBytes": 0, "allowRoutes": "GET /x", "maxQueued": True}, "s.yaml")
    assert str(caught.value).splitlines() == [
        "s.yaml: maxQueue: unknown setting; did you mean maxQueued?",
        "s.yaml: quotaBytes: must be a whole number of bytes, 1 or more",
        's.yaml: allowRoutes: must be a list such as ["GET /my_node/list", "/other_node/*"]',
        "s.yaml: maxQueued: must be a whole number, 1 or more",
    ]


@pytest.mark.parametrize("text", ["a: [", "\x00"])
def test_a_file_that_is_not_yaml_is_named(tmp_path, text):
    (tmp_path / "s.yaml").write_text(text)
    with pytest.raises(SettingsError, match="cannot be read"):
        read_settings(str(tmp_path / "s.yaml"))


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(SettingsError, match="cannot be read"):
        read_settings(str(tmp_path / "none.yaml"))


def test_a_list_is_not_accepted_as_settings():
    with pytest.raises(SettingsError, match="^s.yaml: must be a map of settings: tenantsDir, "):
        parse_settings([], "s.yaml")


@pytest.mark.parametrize(
    ("given", "field", "value"),
    [
        ({"maxQueued": 1}, "max_queued", 1),
        ({"quotaBytes": 1}, "quota_bytes", 1),
        ({"minFreeBytes": 0}, "min_free_bytes", 0),
        ({"maxRunSeconds": 0.5}, "max_run_seconds", 0.5),
        ({"interruptGraceSeconds": 1}, "interrupt_grace_seconds", 1),
        ({"requireKernelIsolation": True}, "require_kernel_isolation", True),
        ({"allowRoutes": ["GET /a", "/b/*"]}, "allow_routes", ("GET /a", "/b/*")),
        ({"sharedLoaders": []}, "shared_loaders", ()),
        ({"readable": ["/a"]}, "readable", ("/a",)),
    ],
)
def test_a_valid_setting_is_used(given, field, value):
    assert getattr(parse_settings(given, "s.yaml"), field) == value


@pytest.mark.parametrize(
    "given",
    [
        *({"tenantsDir": value} for value in ("", 7, ["/a"], None)),
        *({"private": value} for value in ("/etc", {}, [""], [7], ["/a", None])),
        *({"allowRoutes": value} for value in (["GET /a", 7], {"/a": 1}, ["get /a"], ["a"], ["/a b"], [["/a"]])),
        *({"maxQueued": value} for value in (0, -1, True, 1.0, "1")),
        *({"minFreeBytes": value} for value in (False, -1, "0", 1.5)),
        *({"maxRunSeconds": value} for value in (0, -1, True, 10**9, "1", float("nan"))),
        *({"requireKernelIsolation": value} for value in (1, "true", None)),
    ],
)
def test_an_invalid_setting_is_an_error_that_names_the_place(given):
    (key,) = given
    with pytest.raises(SettingsError, match=f"^s.yaml: {key}: must be "):
        parse_settings(given, "s.yaml")


def test_a_setting_like_no_other_is_answered_with_all():
    with pytest.raises(SettingsError, match="^s.yaml: zzz: unknown setting; known: tenantsDir, allowRoutes, "):
        parse_settings({"zzz": 1}, "s.yaml")
    with pytest.raises(SettingsError, match="^s.yaml: 7: unknown setting; known: "):
        parse_settings({7: 1}, "s.yaml")
