"""The shared library on a real ComfyUI."""

import http.client
import json
from urllib.parse import quote, urlsplit

import pytest
from comfyui_process import graph, image, start

DESK = image((10, 200, 30))


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    base = tmp_path_factory.mktemp("library")
    for name, content in (("input/desk.png", DESK), ("input/sets/a.png", DESK), ("workflows/first.json", b'{"of": "studio"}')):
        place = base / "library" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    with start(base) as running:
        yield running


def files(running):
    return {str(path.relative_to(running.base)): path.read_bytes() for path in (running.base / "library").rglob("*.*")}


def listed(visitor, **query):
    search = "&".join(f"{name}={value}" for name, value in {"dir": "workflows", "recurse": "true", **query}.items())
    return visitor.ask(f"/userdata?{search}").json()


def test_everyone_sees_it_in_their_lists(shared):
    for user in ("alice", "bob"):
        visitor = shared.visitor(user)
        assert "library/first.json" in listed(visitor)
        [entry] = [one for one in listed(visitor, full_info="true") if one["path"] == "library/first.json"]
        assert entry["size"] == 16 and entry["modified"] > 10**12
        choices = visitor.ask("/object_info/LoadImage").json()["LoadImage"]["input"]["required"]["image"]
        offered = choices[0] if isinstance(choices[0], list) else choices[1]["options"]
        assert {"library/desk.png", "library/sets/a.png"} <= set(offered)


def test_it_is_read_as_workflow_and_as_input_and_used_in_prompts(shared):
    before = files(shared)
    bob = shared.visitor("bob")
    assert bob.ask(f"/userdata/{quote('workflows/library/first.json', safe='')}").json() == {"of": "studio"}
    assert bob.ask("/view?filename=desk.png&subfolder=library&type=input").body == DESK
    assert bob.ask("/api/view?filename=a.png&subfolder=library/sets&type=input").body == DESK
    assert bob.ask("/view?filename=library/desk.png&type=input").body == DESK
    for name in ("library/desk.png", "library/sets/a.png [input]"):
        done = bob.finished(bob.run(graph(name, "of-bob")))
        assert done["status"]["status_str"] == "success", done["status"]
    assert files(shared) == before


@pytest.mark.parametrize(
    "query",
    [
        "filename=desk.png&subfolder=library&type=output",
        "filename=../workflows/first.json&subfolder=library&type=input",
        "filename=first.json&subfolder=library/../workflows&type=input",
        "filename=comfyui.log&subfolder=library/../..&type=input",
        "filename=desk.png&subfolder=library/%2e%2e/library/input&type=input",
        "filename=desk.png&type=input",
    ],
)
def test_nothing_else_is_served(shared, query):
    assert shared.visitor("bob").ask(f"/view?{query}").status in (400, 403, 404)


def test_nothing_is_written_there(shared):
    before, bob = files(shared), shared.visitor("bob")
    inside = quote("workflows/library/first.json", safe="")
    own = quote("workflows/own.json", safe="")
    bob.ask(f"/userdata/{own}", "POST", b"{}")
    for method, path in (
        ("POST", f"/userdata/{inside}"),
        ("DELETE", f"/userdata/{inside}"),
        ("POST", f"/userdata/{inside}/move/{own}?overwrite=true"),
        ("POST", f"/userdata/{own}/move/{inside}?overwrite=true"),
    ):
        answer = bob.ask(path, method, b"spoiled")
        assert answer.status == 403, (method, path)
        assert "read-only" in answer.text
    bob.upload("desk.png", image((1, 2, 3)), subfolder="library", overwrite="true")
    bob.ask("/_tenant/files?type=input&subfolder=library&filename=sets", "DELETE")
    assert files(shared) == before
    # The user's own file of this name comes first, for this user only.
    assert bob.ask("/view?filename=desk.png&subfolder=library&type=input").body == image((1, 2, 3))
    assert shared.visitor("alice").ask("/view?filename=desk.png&subfolder=library&type=input").body == DESK


def test_the_next_request_on_a_connection_does_not_write_to_the_library(shared):
    before, place = files(shared), urlsplit(shared.url)
    connection = http.client.HTTPConnection(place.hostname, place.port)
    carol, dave = shared.visitor("carol"), shared.visitor("dave")
    connection.request("GET", "/view?filename=desk.png&subfolder=library&type=input", headers=carol.headers())
    assert connection.getresponse().read() == DESK
    boundary = "x"
    body = (
        (
            f'--{boundary}\r\nContent-Disposition: form-data; name="image"; filename="mine.png"\r\n'
            "Content-Type: image/png\r\n\r\n"
        ).encode()
        + DESK
        + f"\r\n--{boundary}--\r\n".encode()
    )
    headers = {**dave.headers(), "Content-Type": f"multipart/form-data; boundary={boundary}"}
    connection.request("POST", "/upload/image", body=body, headers=headers)
    answer = connection.getresponse()
    assert (answer.status, json.loads(answer.read())["name"]) == (200, "mine.png")
    assert files(shared) == before
    assert (shared.base / "tenants" / "u-dave" / "input" / "mine.png").read_bytes() == DESK
