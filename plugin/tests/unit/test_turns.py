"""The fair order of the queue, with simulated time."""

import copy
import heapq
import json
import random
import threading
from collections import Counter
from types import SimpleNamespace

import pytest
from comfyui_tenant.ownership import OWNER
from comfyui_tenant.queue_statistics import QueueStatistics
from comfyui_tenant.settings import Settings
from comfyui_tenant.shares import LOOK_SECONDS, Shares
from comfyui_tenant.turns import put_first, turn


class Line:
    """A queue as in ComfyUI, served one at a time, each prompt for as many seconds as its user's prompts take."""

    def __init__(self, seconds=None, half_life=Settings.share_half_life_seconds, weights=None):
        self.seconds, self.weights, self.now = seconds or {}, weights or {}, 0.0
        self.statistics = QueueStatistics(Shares(half_life), lambda: self.now)
        self.queue = SimpleNamespace(mutex=threading.RLock(), currently_running={}, queue=[])

    def put(self, user, first=False):
        graph = {"1": {"class_type": "Sample", "inputs": {"steps": self.seconds.get(user, 1.0)}}}
        made = self.statistics.arrive(user, graph, self.weights.get(user, 1.0))
        if first:
            put_first(made, [item[0] for item in self.queue.queue if item[3][OWNER] == user])
        heapq.heappush(self.queue.queue, (made, f"{user}{made.arrival}", graph, {OWNER: user}))
        self.statistics.order(self.queue)
        return made

    def begin(self):
        self.running = heapq.heappop(self.queue.queue)
        self.queue.currently_running = {1: self.running}
        self.statistics.start(self.running, 1, self.now)
        return self.running[3][OWNER]

    def end(self):
        user = self.running[3][OWNER]
        self.now += self.seconds.get(user, 1.0)
        self.queue.currently_running = {}
        self.statistics.end(1, self.now, completed=True)
        self.statistics.order(self.queue)
        return user

    def serve(self):
        self.begin()
        return self.end()

    def serve_seconds(self, seconds, again=()):
        """GPU seconds by user, while these users always queue another prompt."""
        had, until = Counter(), self.now + seconds
        while self.now < until and self.queue.queue:
            user = self.serve()
            had[user] += self.seconds.get(user, 1.0)
            if user in again:
                self.put(user)
        return had


def test_a_new_user_waits_for_at_most_the_running_prompt_of_a_greedy_user():
    line = Line()
    for _ in range(50):
        line.put("greedy")
    line.begin()
    line.put("alice")
    line.end()
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


def test_long_videos_and_short_images_get_the_same_gpu_time():
    line = Line({"video": 600.0, "image": 5.0})
    for user in ("video", "image"):
        for _ in range(2):
            line.put(user)
    had = line.serve_seconds(6 * 3600.0, again={"video", "image"})
    assert 0.85 < had["video"] / had["image"] < 1.2


@pytest.mark.parametrize("seed", range(3))
def test_users_with_very_different_prompts_get_the_same_gpu_time(seed):
    random.seed(seed)
    users = {f"user{n}": random.choice([5.0, 20.0, 90.0, 400.0]) for n in range(8)}
    line = Line(users)
    for user in users:
        for _ in range(random.randint(1, 5)):
            line.put(user)
    had = line.serve_seconds(12 * 3600.0, again=set(users))
    assert max(had.values()) / min(had.values()) < 1.25


def test_a_user_with_twice_the_weight_gets_twice_the_gpu_time():
    line = Line({"boss": 10.0, "user": 10.0}, weights={"boss": 2.0})
    for user in ("boss", "user"):
        for _ in range(2):
            line.put(user)
    had = line.serve_seconds(4 * 3600.0, again={"boss", "user"})
    assert 1.8 < had["boss"] / had["user"] < 2.2


def test_use_of_long_ago_does_not_matter():
    line = Line({"old": 3600.0}, half_life=600.0)
    line.put("old")
    line.serve()
    line.now += 24 * 3600.0
    line.seconds["old"] = 1.0
    for user in ("old", "new"):
        line.put(user)
    assert line.serve() == "old"


def test_a_user_who_used_more_waits_for_the_others():
    line = Line({"video": 60.0})
    line.put("video")
    line.serve()
    line.put("video")
    for _ in range(10):
        line.put("image")
    assert [line.serve() for _ in range(11)] == ["image"] * 10 + ["video"]


def test_the_prompts_of_one_user_stay_in_order():
    line = Line()
    numbers = [line.put("alice") for _ in range(5)]
    taken = [heapq.heappop(line.queue.queue)[0] for _ in range(5)]
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
    while line.queue.queue:
        item = heapq.heappop(line.queue.queue)
        order.append((item[3][OWNER], int(item[0])))
    assert [made for user, made in order if user == "alice"] == [3, 1, 2]
    assert order.index(("bob", 1)) <= 1


def test_a_turn_can_be_copied_and_is_serialized_as_its_number():
    made = copy.deepcopy(turn(7, 9))
    assert (made.place, made.arrival) == (9, 9)
    assert json.dumps([made]) == "[7]"


def test_turns_of_two_users_with_the_same_number_differ():
    first, second, third = turn(1, 1), turn(1, 2), turn(1, 3)
    third.rank = -1.0
    assert first != second
    assert third < first < second


def test_users_whose_use_no_longer_matters_are_forgotten_now_and_then():
    shares = Shares(60.0)
    shares.add("u-alice", 10.0, 0.0)
    shares.forget_spent(0.0)
    shares.add("u-bob", 10.0, 3000.0)
    shares.forget_spent(LOOK_SECONDS - 1)
    assert set(shares._used) == {"u-alice", "u-bob"}
    shares.forget_spent(3000.0)
    assert set(shares._used) == {"u-bob"}
