import sys
from types import ModuleType

import pytest
from comfyui_tenant import context, users


class UserManager:
    def get_request_user_id(self, request):
        return "default"


@pytest.fixture
def manager(monkeypatch):
    app, module = ModuleType("app"), ModuleType("app.user_manager")
    module.UserManager = type("UserManager", (UserManager,), dict(vars(UserManager)))
    monkeypatch.setitem(sys.modules, "app", app)
    monkeypatch.setitem(sys.modules, "app.user_manager", module)
    users.install()
    return module.UserManager()


def test_a_request_gets_the_directory_of_its_authenticated_user(manager):
    with context.as_tenant(context.Tenant("alice", "u-alice")):
        assert manager.get_request_user_id(object()) == "u-alice"


@pytest.mark.parametrize("stranger", [None, context.Housekeeping()])
def test_a_request_without_a_user_never_gets_the_default(manager, stranger):
    with context.as_tenant(stranger), pytest.raises(KeyError, match="no user"):
        manager.get_request_user_id(object())
