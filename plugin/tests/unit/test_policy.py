import pytest
from comfyui_tenant.policy import CLOSED, EMPTY, OPEN, OPERATORS, access_to, asked_for, why_never


@pytest.mark.parametrize("prefix", ["", "/api", "/api/api"])
@pytest.mark.parametrize(
    ("method", "pattern", "access"),
    [
        ("GET", "/queue", OPEN),
        ("HEAD", "/view", OPEN),
        ("POST", "/userdata/{file}/move/{dest}", OPEN),
        ("PATCH", "/internal/logs/subscribe", EMPTY),
        ("GET", "/internal/logs/raw", EMPTY),
        ("POST", "/free", OPERATORS),
        ("POST", "/users", CLOSED),
        ("GET", "/internal/folder_paths", CLOSED),
        ("GET", "/assets", CLOSED),
        ("GET", "/assets/{id}", CLOSED),
        ("GET", "/tags", CLOSED),
        ("GET", "/v2/manager/queue/status", CLOSED),
        ("GET", "/customnode/getlist", CLOSED),
        ("GET", "/my_node/list", CLOSED),
        ("PUT", "/queue", CLOSED),
        ("*", "/queue", CLOSED),
    ],
)
def test_a_listed_route_is_open_and_every_other_one_is_closed(prefix, method, pattern, access):
    assert access_to(method, prefix + pattern) == access


def test_the_root_is_open():
    assert access_to("GET", "/") == OPEN
    assert access_to("GET", "") == OPEN


@pytest.mark.parametrize("line", ["GET /my_node/list", "/my_node/list", "/my_node/*", "GET /my_node/*", "/api/my_node/list"])
def test_a_closed_route_is_opened_by_the_setting(line):
    assert access_to("GET", "/my_node/list", [line]) == OPEN


@pytest.mark.parametrize("line", ["POST /my_node/list", "/my_node", "/my_node/l", "my_node/list", "GET", "/my_nod?/list", "*"])
def test_the_setting_opens_only_the_routes_that_it_lists(line):
    assert access_to("GET", "/my_node/list", [line]) == CLOSED


def test_the_setting_does_not_restrict_operators():
    assert access_to("POST", "/free", ["/*"]) == OPERATORS
    assert access_to("GET", "/internal/logs", ["/*"]) == EMPTY


NEVER = [
    *(
        "/agent",
        "/agent/run",
        "/workflows",
        "/api/workflows/{id}",
        "/secrets",
        "/secrets/{id}",
        "/billing/plans",
        "/deploy/bundle",
    ),
    *("/assets", "/api/assets/{id}", "/assets/hash/{hash}", "/assets/export", "/assets/from-hash", "/assets/seed", "/tags"),
    *("/internal/logs", "/internal/logs/x", "/internal/terminal"),
]


@pytest.mark.parametrize("path", NEVER)
@pytest.mark.parametrize("method", ["POST", "HEAD", "DELETE", "*"])
def test_the_setting_does_not_open_one_store_for_all_users(method, path):
    assert access_to(method, path, ["/*", path, f"{method} {path}", f"{path}/*"]) in (CLOSED, EMPTY)
    assert why_never(asked_for(method, path))


@pytest.mark.parametrize("path", ["/assets2", "/agents", "/tagspace/x", "/my/assets", "/internal/folder_paths"])
def test_the_setting_opens_what_only_looks_like_one_store_for_all_users(path):
    assert access_to("GET", path, [path]) == OPEN


def test_a_route_among_the_folders_of_packs_is_closed_unless_it_is_a_folder():
    assert access_to("GET", "/extensions/pack/list") == CLOSED
    assert access_to("GET", "/extensions/pack", folder=True) == OPEN


@pytest.mark.parametrize("path", ["/my_node", "/my_node2/list", "/my", "/m"])
def test_a_star_opens_only_what_is_below_its_folder(path):
    assert access_to("GET", path, ["/my_node/*"]) == CLOSED


def test_a_star_opens_all_that_is_below_its_folder_and_only_for_its_method():
    assert access_to("GET", "/my_node/a/b", ["GET /my_node/*"]) == OPEN
    assert access_to("POST", "/my_node/a/b", ["GET /my_node/*"]) == CLOSED


@pytest.mark.parametrize("path", ["/_tenants", "/_tenant", "/extension", "/extensions2/x", "/workflow_templates2"])
def test_a_folder_of_open_routes_does_not_open_its_neighbours(path):
    assert access_to("GET", path) == CLOSED


def test_everything_below_the_plugins_own_folder_is_open_to_reading_only():
    assert access_to("GET", "/_tenant/x/y") == OPEN
    assert access_to("PUT", "/_tenant/x/y") == CLOSED


@pytest.mark.parametrize("line", ["GET /my node/list", "/my node/list"])
def test_a_space_in_a_path_is_part_of_the_path(line):
    assert access_to("GET", "/my node/list", ["GET /my node/list"]) == OPEN
    assert access_to("GET", "/other node/list", [line]) == CLOSED
    assert access_to("GET", "node/list", [line]) == CLOSED
