import copy
import heapq
import json

from comfyui_tenant.turns import next_round, put_first, turn


class Line:
    """A queue as in ComfyUI, served one at a time."""

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


def test_a_new_user_waits_for_at_most_one_prompt_of_a_greedy_user():
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


def test_the_prompts_of_one_user_stay_in_order():
    line = Line()
    numbers = [line.put("alice") for _ in range(5)]
    taken = [heapq.heappop(line.waiting)[0] for _ in range(5)]
    assert [int(t) for t in taken] == [int(n) for n in numbers]


def test_a_user_who_always_queues_again_does_not_starve_others():
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


def test_front_moves_a_prompt_only_within_its_users_prompts():
    line = Line()
    for user in ("alice", "alice", "bob"):
        line.put(user)
    line.put("alice", first=True)
    order = []
    while line.waiting:
        made, user = heapq.heappop(line.waiting)
        order.append((user, int(made)))
    assert order == [("alice", 4), ("bob", 3), ("alice", 1), ("alice", 2)]


def test_a_turn_can_be_copied_and_is_serialized_as_its_number():
    made = copy.deepcopy(turn(7, 3, 9))
    assert (made.round, made.arrival) == (3, 9)
    assert json.dumps([made]) == "[7]"


def test_turns_of_two_users_with_the_same_number_differ():
    assert turn(1, 0, 1) != turn(1, 0, 2)
    assert turn(1, 0, 1) < turn(1, 0, 2) < turn(1, 1, 1)
    assert (turn(1, 0, 1) != turn(2, 0, 1)) is False
    assert turn(1, 0, 1) == turn(2, 0, 1)


def test_a_turn_is_equal_to_no_number_of_another_kind():
    assert turn(1, 0, 1) != "1"


def test_turns_of_the_same_round_and_arrival_are_one_entry_of_a_set():
    assert len({turn(1, 0, 1), turn(2, 0, 1), turn(1, 0, 2)}) == 2


def test_a_prompt_in_front_takes_the_earliest_place_in_whatever_order_the_queue_keeps_them():
    late, early, new = turn(1, 5, 1), turn(2, 3, 2), turn(3, 9, 3)
    put_first(new, [late, early])
    assert [(made.round, made.arrival) for made in (new, early, late)] == [(3, 2), (5, 1), (9, 3)]


def test_the_next_round_comes_after_the_one_that_is_running():
    assert next_round([], False, 4) == 4
    assert next_round([], True, 4) == 5
    assert next_round([turn(1, 7, 1), turn(2, 6, 2)], True, 4) == 8
