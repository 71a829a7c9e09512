import os
import socket

import pytest
from comfyui_tenant.instance import ABANDONED_SECONDS, LOCKS, Instance


@pytest.fixture
def temp(tmp_path):
    folder = tmp_path / "u-alice" / "temp"
    folder.mkdir(parents=True)
    return folder


def left(tmp_path, temp, number, host, age=0.0):
    """What another ComfyUI has left that is not running."""
    name = f"i-{number:016x}"
    lock = tmp_path / LOCKS / name
    lock.write_text(host)
    os.utime(lock, (lock.stat().st_atime, lock.stat().st_mtime - age))
    (temp / name).mkdir()
    return temp / name


def test_what_this_machine_has_left_is_emptied(tmp_path, temp):
    instance = Instance(str(tmp_path))
    gone = left(tmp_path, temp, 1, socket.gethostname())
    instance.empty_left_temp()
    assert not gone.exists() and not (tmp_path / LOCKS / gone.name).exists()


def test_what_another_machine_may_still_use_stays_for_an_hour(tmp_path, temp):
    instance = Instance(str(tmp_path))
    fresh = left(tmp_path, temp, 1, "another")
    old = left(tmp_path, temp, 2, "another", ABANDONED_SECONDS + 60)
    instance.empty_left_temp()
    assert fresh.exists() and not old.exists()


def test_a_running_one_on_this_machine_is_left_alone(tmp_path, temp):
    first, second = Instance(str(tmp_path)), Instance(str(tmp_path))
    (temp / first.name).mkdir()
    second.empty_left_temp()
    assert (temp / first.name).exists() and (tmp_path / LOCKS / first.name).exists()
