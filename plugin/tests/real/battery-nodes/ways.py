"""Every way to a file that node code may try. Each takes a path and returns what it got, or raises."""

import ctypes
import glob
import importlib.machinery
import importlib.util
import mmap
import multiprocessing
import multiprocessing.pool
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

LIBC = ctypes.CDLL(None, use_errno=True)
AT_FDCWD, O_PATH, O_TMPFILE = -100, 0o10000000, 0o20200000

# Created when the server imports this pack, so without a user.
THREADS = ThreadPoolExecutor(2)
THREAD_POOL = multiprocessing.pool.ThreadPool(1) if "server" in sys.modules else None
PROCESSES = ProcessPoolExecutor(1, multiprocessing.get_context("fork"))
# Created by the first prompt that needs it, and then shared.
LAZY = {}


class Refused(Exception):
    pass


def _check(found):
    if found < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return found


def own(name):
    import folder_paths

    return os.path.join(folder_paths.get_output_directory(), name)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def c_open(path, flags=os.O_RDONLY):
    return _check(LIBC.open(os.fsencode(path), flags, 0o600))


def c_read(path):
    descriptor = c_open(path)
    try:
        return os.read(descriptor, 100)
    finally:
        os.close(descriptor)


def openat2(path):
    how = ctypes.create_string_buffer(struct.pack("=QQQ", os.O_RDONLY, 0, 0))
    descriptor = _check(LIBC.syscall(437, AT_FDCWD, os.fsencode(path), how, ctypes.c_size_t(24)))
    try:
        return os.read(descriptor, 100)
    finally:
        os.close(descriptor)


def through_path_descriptor(path):
    folder = _check(LIBC.open(os.fsencode(os.path.dirname(path)), O_PATH | os.O_DIRECTORY))
    try:
        descriptor = _check(LIBC.openat(folder, os.fsencode(os.path.basename(path)), os.O_RDONLY))
        found = os.read(descriptor, 100)
        os.close(descriptor)
        return found
    finally:
        os.close(folder)


def mapped(path):
    descriptor = c_open(path)
    try:
        with mmap.mmap(descriptor, 0, prot=mmap.PROT_READ) as found:
            return found[:100]
    finally:
        os.close(descriptor)


def program(*command):
    done = subprocess.run(command, capture_output=True, timeout=60)
    if done.returncode != 0:
        raise Refused(done.stderr.decode(errors="replace")[-200:])
    return done.stdout


def opencv(path):
    import cv2

    found = cv2.imread(_variant(path, ".png"))
    if found is None:
        raise Refused("cv2.imread returned nothing")
    return found.shape


def pyav(path):
    import av

    with av.open(_variant(path, ".png")) as container:
        return next(container.decode(video=0)).width


def safetensors(path):
    with _safetensors_library().safe_open(_variant(path, ".safetensors"), "np") as found:
        keys = list(found.keys())
    if keys != ["weight"]:
        raise AssertionError(f"this is not the library: {keys}")
    return keys


def _safetensors_library():
    """The real package, also where the demo's torch stub replaces it."""
    found = importlib.machinery.PathFinder.find_spec("safetensors")
    [library] = glob.glob(os.path.join(found.submodule_search_locations[0], "_safetensors_rust*.so"))
    spec = importlib.util.spec_from_file_location("_safetensors_rust", library)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def numpy_load(path):
    import numpy

    return numpy.load(_variant(path, ".npy")).shape


def numpy_fromfile(path):
    import numpy

    return numpy.fromfile(path, dtype="uint8").shape


def numpy_memmap(path):
    import numpy

    return numpy.memmap(path, dtype="uint8", mode="r").shape


def pillow(path):
    from PIL import Image

    with Image.open(_variant(path, ".png")) as found:
        return found.size


def ffmpeg(path):
    import imageio_ffmpeg

    made = own("frame.png")
    program(imageio_ffmpeg.get_ffmpeg_exe(), "-y", "-loglevel", "error", "-i", _variant(path, ".png"), made)
    return os.path.getsize(made)


def _variant(path, ending):
    """Libraries that read only one kind of file get a file of that kind next to the given one."""
    other = os.path.splitext(path)[0] + ending
    return other if os.environ.get("BATTERY_VARIANTS", "1") == "1" else path


def in_process(kind, path):
    context = multiprocessing.get_context(kind)
    ours, theirs = context.Pipe()
    process = context.Process(target=tell, args=(theirs, path))
    process.start()
    theirs.close()
    try:
        if not ours.poll(60):
            raise Refused("no answer")
        found = ours.recv()
    except EOFError as error:
        raise Refused("the process ended") from error
    finally:
        process.join(10)
    return unwrapped(found)


def unwrapped(found):
    if isinstance(found, Exception):
        raise found
    return found


def tell(pipe, path):
    pipe.send(outcome(path))


def outcome(path):
    try:
        return c_read(path)
    except Exception as error:
        return error


def in_thread(work, start=None):
    found = []
    done = threading.Event()

    def run():
        try:
            found.append(work())
        except Exception as error:
            found.append(error)
        done.set()

    if start is None:
        threading.Thread(target=run).start()
    else:
        start(run, ())
    done.wait(30)
    return unwrapped(found[0])


def native_thread(path):
    """A thread that Python does not know before it runs."""
    found = []
    signature = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)

    def run(_):
        found.append(outcome(path))
        return

    callback, thread = signature(run), ctypes.c_ulong()
    _check(-LIBC.pthread_create(ctypes.byref(thread), None, callback, None))
    LIBC.pthread_join(thread, None)
    return unwrapped(found[0])


def lazy(name, make):
    if name not in LAZY:
        LAZY[name] = make()
    return LAZY[name]


def through_proc(name):
    def way(path):
        return c_read(f"/proc/self/{name}" + (path if name == "root" else "/" + os.path.relpath(path, os.getcwd())))

    return way


def proc_descriptor(path):
    folder = _check(LIBC.open(os.fsencode(os.path.dirname(path)), O_PATH | os.O_DIRECTORY))
    try:
        return c_read(f"/proc/self/fd/{folder}/{os.path.basename(path)}")
    finally:
        os.close(folder)


def hard_link(path):
    made = own("hard")
    _check(LIBC.link(os.fsencode(path), os.fsencode(made)))
    return c_read(made)


def linkat_descriptor(path):
    descriptor = _check(LIBC.open(os.fsencode(path), O_PATH))
    made = own("from-descriptor")
    try:
        _check(LIBC.linkat(AT_FDCWD, f"/proc/self/fd/{descriptor}".encode(), AT_FDCWD, os.fsencode(made), 0x400))
        return c_read(made)
    finally:
        os.close(descriptor)


def symbolic_link(path):
    made = own("soft")
    if LIBC.unlink(os.fsencode(made)) < 0:
        pass
    _check(LIBC.symlink(os.fsencode(path), os.fsencode(made)))
    return c_read(made)


def rename_away(path):
    made = own("moved")
    _check(LIBC.rename(os.fsencode(path), os.fsencode(made)))
    os.rename(made, path)
    return "moved"


def listed(path):
    return sorted(program("ls", "-a", os.path.dirname(path)).decode().split())


def connect(path):
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(os.path.join(os.path.dirname(path), "secret.sock"))
        return "connected"


def connect_abstract(path):
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect("\0" + os.environ["BATTERY_ABSTRACT"])
        return "connected"


def inherited(path):
    """A program started with every inheritable descriptor."""
    held = program_keeping_descriptors("ls", "-l", "/proc/self/fd").decode().split()
    private = [name for name in held if name.startswith("/") and os.path.dirname(path) in name]
    if not private:
        raise Refused("no descriptor of a private place")
    return private


def program_keeping_descriptors(*command):
    return subprocess.run(command, capture_output=True, timeout=60, close_fds=False).stdout


READ = {
    "open": read,
    "os_open": lambda path: os.read(os.open(path, os.O_RDONLY), 100),
    "pathlib": lambda path: Path(path).read_bytes(),
    "pillow": pillow,
    "numpy_load": numpy_load,
    "numpy_fromfile": numpy_fromfile,
    "numpy_memmap": numpy_memmap,
    "listdir": lambda path: os.listdir(os.path.dirname(path)),
    "thread": lambda path: in_thread(lambda: c_read(path)),
    "raw_thread": lambda path: in_thread(lambda: c_read(path), __import__("_thread").start_new_thread),
    "native_thread": native_thread,
    "pool_of_the_pack": lambda path: unwrapped(THREADS.submit(outcome, path).result(30)),
    "lazy_pool": lambda path: unwrapped(lazy("threads", lambda: ThreadPoolExecutor(1)).submit(outcome, path).result(30)),
    "thread_pool": lambda path: unwrapped(THREAD_POOL.apply(outcome, (path,))),
    "lazy_thread_pool": lambda path: unwrapped(
        lazy("thread_pool", lambda: multiprocessing.pool.ThreadPool(1)).map(outcome, [path])[0]
    ),
    "processes_of_the_pack": lambda path: unwrapped(PROCESSES.submit(outcome, path).result(60)),
    "lazy_processes": lambda path: unwrapped(
        lazy("processes", lambda: ProcessPoolExecutor(1, multiprocessing.get_context("fork"))).submit(outcome, path).result(60)
    ),
    "lazy_process_pool": lambda path: unwrapped(
        lazy("process_pool", lambda: multiprocessing.get_context("fork").Pool(1)).apply(outcome, (path,))
    ),
    "fork": lambda path: in_process("fork", path),
    "spawn": lambda path: in_process("spawn", path),
    "forkserver": lambda path: in_process("forkserver", path),
    "ctypes_open": c_read,
    "ctypes_openat2": openat2,
    "ctypes_path_descriptor": through_path_descriptor,
    "ctypes_mmap": mapped,
    "opencv": opencv,
    "pyav": pyav,
    "safetensors": safetensors,
    "ffmpeg": ffmpeg,
    "cat": lambda path: program("cat", path),
    "shell": lambda path: read_after_system(path),
    "ls": listed,
    "proc_cwd": through_proc("cwd"),
    "proc_root": through_proc("root"),
    "proc_task_root": through_proc("root"),
    "proc_fd": proc_descriptor,
    "hard_link": hard_link,
    "link_of_descriptor": linkat_descriptor,
    "symbolic_link": symbolic_link,
    "inherited": inherited,
}


def lost_process(_path):
    """A process of a pool that another user's prompt created is killed, as when memory runs out."""
    pool = lazy("process_pool", lambda: multiprocessing.get_context("fork").Pool(1))
    os.kill(pool.apply(os.getpid), signal.SIGKILL)
    return "killed"


def read_after_system(path):
    made = own("copied")
    if os.system(f"cat '{path}' > '{made}' 2>/dev/null") != 0:
        raise Refused("the shell failed")
    return read(made)


WRITE = {
    "write": lambda path: open(path + ".new", "w").close(),
    "append": lambda path: open(path, "a").close(),
    "ctypes_write": lambda path: os.close(c_open(path + ".new", os.O_WRONLY | os.O_CREAT)),
    "ctypes_append": lambda path: os.close(c_open(path, os.O_WRONLY | os.O_APPEND)),
    "ctypes_truncate": lambda path: _check(LIBC.truncate(os.fsencode(path), ctypes.c_long(os.stat(__file__).st_size))),
    "ctypes_mkdir": lambda path: _check(LIBC.mkdir(os.fsencode(path + ".dir"), 0o700)),
    "ctypes_unlink": lambda path: _check(LIBC.unlink(os.fsencode(path))),
    "ctypes_rename": rename_away,
    "ctypes_rename_over": lambda path: _check(LIBC.rename(os.fsencode(_mine()), os.fsencode(path))),
    "ctypes_symlink": lambda path: _check(LIBC.symlink(b"/etc", os.fsencode(path + ".link"))),
    "ctypes_mkfifo": lambda path: _check(LIBC.mkfifo(os.fsencode(path + ".fifo"), 0o600)),
    "ctypes_tmpfile": lambda path: os.close(c_open(os.path.dirname(path), O_TMPFILE | os.O_RDWR)),
    "touch": lambda path: program("touch", path + ".new"),
    "opencv_write": lambda path: opencv_write(path),
    "ffmpeg_write": lambda path: ffmpeg_write(path),
    "cp": lambda path: program("cp", _mine(), path + ".new"),
}


def _mine():
    with open(own("mine.txt"), "w") as file:
        file.write("mine")
    return own("mine.txt")


def opencv_write(path):
    import cv2
    import numpy

    if not cv2.imwrite(path + ".new.png", numpy.zeros((4, 4, 3), "uint8")):
        raise Refused("cv2.imwrite failed")


def ffmpeg_write(path):
    import imageio_ffmpeg

    source = "color=c=red:s=16x16:d=0.1"
    return program(imageio_ffmpeg.get_ffmpeg_exe(), "-y", "-loglevel", "error", "-f", "lavfi", "-i", source, path + ".new.png")


# True if the way reveals that the place exists.
LOOK = {
    "exists": os.path.exists,
    "isfile": os.path.isfile,
    "lexists": os.path.lexists,
    "getsize": os.path.getsize,
    "stat": os.stat,
    "stat_bytes": lambda path: os.stat(os.fsencode(path)),
    "lstat": os.lstat,
    "access": lambda path: os.access(path, os.F_OK),
    "pathlib_exists": lambda path: Path(path).exists(),
    "pathlib_stat": lambda path: Path(path).stat(),
    "posix_stat": lambda path: __import__("posix").stat(path),
    "through_proc": lambda path: os.stat("/proc/self/root" + path),
    "folder": lambda path: os.path.isdir(os.path.dirname(path)),
    "stat_program": lambda path: program("stat", path),
    "ctypes_access": lambda path: LIBC.access(os.fsencode(path), 0) == 0,
}
WAYS = {**READ, **WRITE, **LOOK, "connect": connect, "connect_abstract": connect_abstract, "lost_process": lost_process}


def tried(way, path):
    """The outcome, as text."""
    try:
        found = WAYS[way](path)
    except Exception as error:
        return f"refused {type(error).__name__} {error}"
    return "refused nothing there" if found is False else f"got {found!r}"
