import copy
import heapq
import json

from comfyui_tenant.turns import next_round, put_first, turn


class Line:
    """A queue as ComfyUI keeps it, one served at a time."""

    def __init__(self):
        self.waiting, self.now, self.running, self.count = [], 0, None, 0

    def put(self, user, first=False):
        own = [t for t, owner in self.waiting if owner == user]
        self.count += 1
        made = turn(self.count, next_round(own, self.running == user, self.now), self.count)
        if first and own:
            put_first(made, own)
            heapq.heapify(self.waiting)
        heapq.heappush(self.waiting, (made, user))
        return made

    def serve(self):
        served, self.running = heapq.heappop(self.waiting)
        self.now = served.round
        return self.running


def test_someone_who_comes_late_waits_for_one_prompt_of_the_greedy_one():
    line = Line()
    for _ in range(50):
        line.put("greedy")
    line.serve()
    line.put("alice")
    assert [line.serve() for _ in range(3)] == ["alice", "greedy", "greedy"]


def test_twenty_users_and_a_greedy_one_take_turns():
    line = Line()
    for _ in range(100):
        line.put("greedy")
    for user in range(20):
        for _ in range(3):
            line.put(f"user{user}")
    served = [line.serve() for _ in range(63)]
    assert served.count("greedy") == 3
    assert all(sorted(served[n * 21 : n * 21 + 21]) == sorted({*served}) for n in range(3))


def test_one_users_own_prompts_stay_in_order():
    line = Line()
    numbers = [line.put("alice") for _ in range(5)]
    taken = [heapq.heappop(line.waiting)[0] for _ in range(5)]
    assert [int(t) for t in taken] == [int(n) for n in numbers]


def test_one_who_always_asks_again_does_not_starve_another():
    line = Line()
    line.put("a")
    line.serve()
    for _ in range(3):
        line.put("b")
    served = []
    for _ in range(6):
        line.put("a")
        served.append(line.serve())
    assert served.count("b") == 3


def test_the_front_is_the_front_of_ones_own():
    line = Line()
    for user in ("alice", "alice", "bob"):
        line.put(user)
    line.put("alice", first=True)
    order = []
    while line.waiting:
        made, user = heapq.heappop(line.waiting)
        order.append((user, int(made)))
    assert order == [("alice", 4), ("bob", 3), ("alice", 1), ("alice", 2)]


def test_a_turn_survives_copying_and_shows_as_its_number():
    made = copy.deepcopy(turn(7, 3, 9))
    assert (made.round, made.arrival) == (3, 9)
    assert json.dumps([made]) == "[7]"


def test_two_users_same_own_number_is_not_the_same_turn():
    assert turn(1, 0, 1) != turn(1, 0, 2)
    assert turn(1, 0, 1) < turn(1, 0, 2) < turn(1, 1, 1)
