"""Tests at startup that Landlock works in this process."""

from __future__ import annotations

import logging
import os
import threading

from . import landlock


def try_landlock(version: int) -> None:
    """Tests that a thread can restrict itself: a container's seccomp profile may forbid it. @raises landlock.Unavailable"""
    errors: list[BaseException] = []

    def restrict() -> None:
        try:
            ruleset = landlock.make_ruleset(version, [])
            try:
                landlock.restrict_this_thread(version, ruleset)
            finally:
                os.close(ruleset)
            _expect_refusal()
        except BaseException as error:  # noqa: B036 - raised below
            errors.append(error)

    thread = threading.Thread(target=restrict)
    thread.start()
    thread.join()
    if errors:
        logging.debug("comfy-tenant: Landlock test failed", exc_info=errors[0])
        raise landlock.Unavailable(f"Landlock cannot be used here: {errors[0]}")


def _expect_refusal() -> None:
    try:
        os.close(os.open("/", os.O_RDONLY | os.O_DIRECTORY))
    except PermissionError:
        return
    raise landlock.Unavailable("a restricted thread could still read files")
