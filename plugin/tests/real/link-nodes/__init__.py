"""A node that starts a program which keeps replacing a user's file with a link out of the user's folder, and back."""

import os
import subprocess
import sys

import folder_paths

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
from output_node import OutputNode  # noqa: E402

SWAP = """
import ctypes, os, sys, time
folder, target, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
own, link = (os.fsencode(os.path.join(folder, name)) for name in ("swapped.txt", "link.txt"))
with open(own, "w") as file:
    file.write("own")
if not os.path.lexists(link):
    os.symlink(target, link)
swap = ctypes.CDLL(None).renameat2
end = time.monotonic() + seconds
while time.monotonic() < end:
    swap(-100, own, -100, link, 2)
"""


class Swap(OutputNode):
    INPUTS = {"folder": "STRING", "target": "STRING", "seconds": "FLOAT"}

    def run(self, folder, target, seconds):
        own = os.path.join(os.path.dirname(folder_paths.get_output_directory()), folder)
        environment = {"PATH": os.defpath}
        subprocess.Popen([sys.executable, "-I", "-c", SWAP, own, target, str(seconds)], env=environment)
        return {"ui": {"text": ["started"]}}


class MakePipe(OutputNode):
    INPUTS = {"name": "STRING"}

    def run(self, name):
        os.mkfifo(os.path.join(folder_paths.get_input_directory(), name))
        return {"ui": {"text": ["made"]}}


# As some libraries keep a process for the next caller.
KEPT = []
SERVE = """
import sys
for line in sys.stdin:
    try:
        print(open(line.strip()).read(), flush=True)
    except OSError as error:
        print(type(error).__name__, flush=True)
"""


class AskKeptProcess(OutputNode):
    INPUTS = {"path": "STRING", "nonce": "STRING"}

    def run(self, path, nonce):
        if not KEPT or KEPT[0].poll() is not None:
            KEPT[:] = [subprocess.Popen([sys.executable, "-I", "-c", SERVE], stdin=-1, stdout=-1, text=True)]
        KEPT[0].stdin.write(path + "\n")
        KEPT[0].stdin.flush()
        return {"ui": {"text": [KEPT[0].stdout.readline().strip(), str(KEPT[0].pid)]}}


NODE_CLASS_MAPPINGS = {"Swap": Swap, "MakePipe": MakePipe, "AskKeptProcess": AskKeptProcess}
