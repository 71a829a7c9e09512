"""Numba's cache, with a stand-in for Numba."""

import sys
import types

import pytest
from comfyui_tenant import confinement, numba_cache


class Cache:
    def load_overload(self, *_):
        raise PermissionError(13, "another user's folder")

    save_overload = load_overload


@pytest.fixture
def numba(monkeypatch):
    config, caching = types.ModuleType("numba.core.config"), types.ModuleType("numba.core.caching")
    config.CACHE_DIR = "/of/the/first/user"
    caching.Cache = type("Cache", (Cache,), {})
    monkeypatch.setitem(sys.modules, "numba.core.config", config)
    monkeypatch.setitem(sys.modules, "numba.core.caching", caching)
    numba_cache.adapt()
    numba_cache.adapt()
    return types.SimpleNamespace(config=config, cache=caching.Cache())


def test_the_folder_is_that_of_the_running_user(numba, monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", "/of/bob")
    assert numba.config.CACHE_DIR == "/of/bob"


def test_confined_code_goes_on_without_a_cache_that_is_out_of_reach(numba, monkeypatch):
    with pytest.raises(PermissionError):
        numba.cache.load_overload("signature")
    monkeypatch.setattr(confinement, "confined_as", lambda: "u-bob")
    assert numba.cache.load_overload("signature") is None
    assert numba.cache.save_overload("signature", "code") is None
