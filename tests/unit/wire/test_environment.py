"""Variables of the environment: what Kubernetes sets for a Service is no setting of ours."""

import pytest

from wire import environment

# What Kubernetes sets in a container for a Service "chat" with the port 9999.
SERVICE_CHAT = {
    "CHAT_SERVICE_HOST": "10.0.0.1",
    "CHAT_SERVICE_PORT": "9999",
    "CHAT_PORT": "tcp://10.0.0.1:9999",
    "CHAT_PORT_9999_TCP": "tcp://10.0.0.1:9999",
    "CHAT_PORT_9999_TCP_PROTO": "tcp",
    "CHAT_PORT_9999_TCP_PORT": "9999",
    "CHAT_PORT_9999_TCP_ADDR": "10.0.0.1",
}


def test_a_link_to_a_service_is_no_setting() -> None:
    found = environment.settings(SERVICE_CHAT | {"CHAT_NAME": "a"})
    assert found["CHAT_NAME"] == "a"
    assert not {"CHAT_PORT", "CHAT_PORT_9999_TCP"} & set(found)


def test_one_warning_names_all_links_if_one_has_the_name_of_a_setting() -> None:
    environ = SERVICE_CHAT | {"CHAT_HTTP_PORT": "tcp://[fd00::1]:8080"}
    warning = environment.warning(environ, {"CHAT_PORT", "CHAT_HTTP_PORT", "CHAT_HOST"})
    assert warning is not None
    assert warning.startswith("ignored CHAT_HTTP_PORT, CHAT_PORT, CHAT_PORT_9999_TCP: Kubernetes")


def test_links_that_have_other_names_need_no_warning() -> None:
    assert environment.warning(SERVICE_CHAT, {"CHAT_TOKEN"}) is None
    assert environment.warning({}, {"CHAT_PORT"}) is None


@pytest.mark.parametrize("text", ["tcp://10.0.0.1:9999", "udp://10.0.0.1:9", "sctp://[::1]:1"])
@pytest.mark.parametrize("name", ["CHAT_TOKEN", "CHAT_HOST", "CHAT_REDIS_URL", "CHAT_SETTINGS"])
def test_a_link_is_recognised_in_every_variable(name: str, text: str) -> None:
    assert environment.settings({name: text}) == {}
    assert environment.warning({name: text}, {name}) is not None


@pytest.mark.parametrize(
    "text", ["9999", "redis://10.0.0.1:9999", "tcp://10.0.0.1", "tcp://a:1", ""]
)
def test_another_value_is_not_a_link(text: str) -> None:
    assert environment.warning({"CHAT_PORT": text}, {"CHAT_PORT"}) is None
    assert environment.settings({"CHAT_PORT": text}) == ({"CHAT_PORT": text} if text else {})
