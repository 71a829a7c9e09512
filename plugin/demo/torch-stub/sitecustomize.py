"""Stubs of torch and related packages, with which ComfyUI's server starts: for the demo and for tests.

Put this folder on PYTHONPATH. Everything works except tensor computations; nodes that need only Pillow run.
"""

import abc
import contextlib
import importlib.abc
import importlib.machinery
import sys
import types

STOOD_IN = frozenset(
    (
        "torch torchvision torchaudio torchsde transformers safetensors einops spandrel kornia comfy_kitchen "
        "comfy_aimdo sentencepiece tokenizers scipy OpenGL comfy_angle glfw"
    ).split()
)
VERSION = "2.6.0"
DTYPES = (
    "float32 float16 bfloat16 float64 float8_e4m3fn float8_e5m2 float8_e8m0fnu int8 uint8 int64 int32 bool long float half"
).split()
CONTEXTS = ("inference_mode", "no_grad", "autocast", "set_grad_enabled")


class _ClassOfAnything(abc.ABCMeta):
    def __getattr__(cls, name):
        if name.startswith(("__", "_abc_")):
            raise AttributeError(name)
        made = _make_class(name)
        setattr(cls, name, made)
        return made

    def __call__(cls, *args, **kwargs):
        if cls.__dict__.get("_stands_in"):
            return Anything()
        return super().__call__(*args, **kwargs)

    def __or__(cls, other):
        return cls

    def __ror__(cls, other):
        return cls

    def __iter__(cls):
        return iter(())

    def __getitem__(cls, key):
        return cls

    def __contains__(cls, key):
        return False

    def __len__(cls):
        return 0

    def __lt__(cls, other):
        return False

    __gt__ = __lt__
    __le__ = __ge__ = lambda cls, other: True


class _Base(metaclass=_ClassOfAnything):
    def __init__(self, *args, **kwargs):
        pass

    def __init_subclass__(cls, **kwargs):
        cls._stands_in = False

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        # ComfyUI asks of every failure whether it is torch.cuda.OutOfMemoryError.
        return type(name, (Exception,), {}) if name.endswith("Error") else Anything()


def _itself(self, *_others):
    return self


class Anything(_Base):
    """An object that can be called, entered, counted with and compared, and is nothing."""

    def __call__(self, *args, **kwargs):
        # As a decorator it leaves what it decorates alone.
        if len(args) == 1 and not kwargs and callable(args[0]):
            return args[0]
        return Anything()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        return False

    def __iter__(self):
        return iter(())

    def __getitem__(self, key):
        return Anything()

    __bool__ = lambda self: False
    __int__ = lambda self: 1 << 34
    __float__ = lambda self: 1.0
    __index__ = __len__ = lambda self: 0
    __str__ = lambda self: VERSION

    def split(self, *args):
        return VERSION.split(*args)

    def __lt__(self, other):
        return False

    __gt__ = __lt__

    def __le__(self, other):
        return True

    __ge__ = __le__

    def __mro_entries__(self, bases):
        return (_Base,)

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _itself
    __truediv__ = __rtruediv__ = __or__ = __and__ = __pow__ = __neg__ = _itself


def _make_class(name):
    made = _ClassOfAnything(name, (_Base,), {})
    made._stands_in = True
    return made


class _Context(contextlib.ContextDecorator):
    def __enter__(self):
        return self

    def __exit__(self, *exc):
        return False


class _Module(types.ModuleType):
    def __getattr__(self, name):
        if name == "__version__":
            return VERSION
        if name.startswith("__"):
            raise AttributeError(name)
        full = f"{self.__name__}.{name}"
        if full in sys.modules:
            return sys.modules[full]
        made = self._make(name)
        setattr(self, name, made)
        return made

    @staticmethod
    def _make(name):
        if name in CONTEXTS:
            return lambda *args, **_: args[0] if args and callable(args[0]) else _Context()
        return _make_class(name) if name[:1].isupper() or name in ("dtype", "device", "finfo") else Anything()


class _Device:
    def __init__(self, kind="cpu", index=None):
        self.type, self.index = str(kind).split(":")[0], index

    def __eq__(self, other):
        return str(self) == str(other)

    def __hash__(self):
        return hash(self.type)

    def __str__(self):
        return self.type


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path, target=None):
        stands_in = name.split(".")[0] in STOOD_IN
        return importlib.machinery.ModuleSpec(name, self, is_package=True) if stands_in else None

    def create_module(self, spec):
        module = _Module(spec.name)
        module.__path__ = []
        if spec.name == "torch":
            module.device = _Device
            module.Tensor = type("Tensor", (_Base,), {})
            for name in DTYPES:
                setattr(module, name, type(name, (), {"itemsize": 4})())
        return module

    def exec_module(self, module):
        pass


sys.meta_path.insert(0, _Finder())
