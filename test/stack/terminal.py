"""Runs a command on a real terminal: writes each step's keys when its text was shown; prints what the terminal showed."""

import json
import os
import pty
import select
import sys
import time

spec = json.loads(sys.argv[1])
pid, fd = pty.fork()
if pid == 0:
    os.chdir(spec["cwd"])
    os.execvp(spec["command"][0], spec["command"])

shown = b""
deadline = time.monotonic() + 200


def read_some():
    """False when the program has ended."""
    global shown
    if not select.select([fd], [], [], 0.05)[0]:
        return True
    try:
        chunk = os.read(fd, 4096)
    except OSError:
        return False
    shown += chunk
    return chunk != b""


alive = True
for step in spec["steps"]:
    while alive and step["after"].encode() not in shown and time.monotonic() < deadline:
        alive = read_some()
    for part in step["keys"]:
        os.write(fd, bytes(part))
while alive and time.monotonic() < deadline:
    alive = read_some()
_, status = os.waitpid(pid, 0)
print(json.dumps({"shown": shown.decode(), "code": os.waitstatus_to_exitcode(status)}))
