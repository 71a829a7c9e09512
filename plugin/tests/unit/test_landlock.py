import errno
import sys

import pytest
from comfyui_tenant import landlock


@pytest.mark.parametrize(
    ("version", "known", "unknown"),
    [
        (1, landlock.MAKE_SYM, landlock.REFER),
        (2, landlock.REFER, landlock.TRUNCATE),
        (3, landlock.TRUNCATE, landlock.IOCTL_DEV),
        (5, landlock.IOCTL_DEV, landlock.RESOLVE_UNIX),
        (9, landlock.RESOLVE_UNIX, landlock.RESOLVE_UNIX << 1),
    ],
)
def test_only_rights_that_the_kernel_knows_are_requested(version, known, unknown):
    assert landlock.rights_of(version) & known
    assert not landlock.rights_of(version) & unknown


@pytest.mark.parametrize(
    ("code", "reported"),
    [
        (errno.ENOSYS, "the kernel has no Landlock"),
        (errno.EOPNOTSUPP, "Landlock is turned off"),
        (errno.EPERM, "Landlock is not allowed here"),
    ],
)
def test_a_system_without_landlock_reports_why(monkeypatch, code, reported):
    def refused(*_):
        raise OSError(code, "refused")

    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(landlock, "_syscall", refused)
    with pytest.raises(landlock.Unavailable, match=reported):
        landlock.abi()


def test_other_systems_have_no_landlock(monkeypatch):
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(landlock.Unavailable, match="win32 has no Landlock"):
        landlock.abi()
