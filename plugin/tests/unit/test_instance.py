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
    """The files of a ComfyUI that is not running."""
    name = f"i-{number:016x}"
    lock = tmp_path / LOCKS / name
    lock.write_text(host)
    os.utime(lock, (lock.stat().st_atime, lock.stat().st_mtime - age))
    (temp / name).mkdir()
    return temp / name


def test_temp_folders_of_stopped_comfyuis_on_this_machine_are_emptied(tmp_path, temp):
    instance = Instance(str(tmp_path))
    gone = left(tmp_path, temp, 1, socket.gethostname())
    instance.empty_left_temp()
    assert not gone.exists() and not (tmp_path / LOCKS / gone.name).exists()


def test_temp_folders_of_other_machines_are_kept_for_an_hour(tmp_path, temp):
    instance = Instance(str(tmp_path))
    fresh = left(tmp_path, temp, 1, "another")
    old = left(tmp_path, temp, 2, "another", ABANDONED_SECONDS + 60)
    instance.empty_left_temp()
    assert fresh.exists() and not old.exists()


def test_temp_folders_of_a_running_comfyui_are_kept(tmp_path, temp):
    first, second = Instance(str(tmp_path)), Instance(str(tmp_path))
    (temp / first.name).mkdir()
    second.empty_left_temp()
    assert (temp / first.name).exists() and (tmp_path / LOCKS / first.name).exists()
