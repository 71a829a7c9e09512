from comfyui_tenant.empty_answers import ANSWERS
from comfyui_tenant.policy import EMPTY, access_to


def test_every_empty_answer_is_in_the_policy_also_when_the_setting_opens_everything():
    for asked in ANSWERS:
        method, _, path = asked.partition(" ")
        assert access_to(method, path, ["/*"]) == EMPTY
