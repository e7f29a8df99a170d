"""Variables of the environment: what Kubernetes sets for a Service, and what is mistyped."""

import pytest

from client.cli.options import VARIABLES
from node.config import options
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
    [warning] = environment.warnings(environ, {"CHAT_PORT", "CHAT_HTTP_PORT", "CHAT_HOST"})
    assert warning.startswith("ignored CHAT_HTTP_PORT, CHAT_PORT, CHAT_PORT_9999_TCP: Kubernetes")


def test_links_that_have_other_names_need_no_warning() -> None:
    assert environment.warnings(SERVICE_CHAT, {"CHAT_TOKEN"}) == []
    assert environment.warnings({}, {"CHAT_PORT"}) == []


@pytest.mark.parametrize("text", ["tcp://10.0.0.1:9999", "udp://10.0.0.1:9", "sctp://[::1]:1"])
@pytest.mark.parametrize("name", ["CHAT_TOKEN", "CHAT_HOST", "CHAT_REDIS_URL", "CHAT_SETTINGS"])
def test_a_link_is_recognised_in_every_variable(name: str, text: str) -> None:
    assert environment.settings({name: text}) == {}
    assert len(environment.warnings({name: text}, {name})) == 1


@pytest.mark.parametrize(
    "text", ["9999", "redis://10.0.0.1:9999", "tcp://10.0.0.1", "tcp://a:1", ""]
)
def test_another_value_is_not_a_link(text: str) -> None:
    assert environment.warnings({"CHAT_PORT": text}, {"CHAT_PORT"}) == []
    assert environment.settings({"CHAT_PORT": text}) == ({"CHAT_PORT": text} if text else {})


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("CHAT_TOKN", "CHAT_TOKEN"),
        ("CHAT_TOKENS", "CHAT_TOKEN"),
        ("CHAT_PASWORD", "CHAT_PASSWORD"),
        ("CHAT_PASSWD", "CHAT_PASSWORD"),
        ("CHAT_SETTING", "CHAT_SETTINGS"),
    ],
)
def test_a_mistyped_variable_is_named_with_the_nearest_one_and_without_its_value(
    name: str, meant: str
) -> None:
    [warning] = environment.warnings({name: "sesame", "CHAT_TOKEN": "x"}, VARIABLES)
    assert warning == f"ignored {name}, which is no setting; did you mean {meant}?"


def test_variables_of_the_other_program_and_of_deployments_need_no_warning() -> None:
    others = ("CHAT_PUBLISH", "CHAT_PUBLISH_NODES", "CHAT_REDIS_MEMORY", "CHAT_TOKN_FILES", "OTHER")
    nodes = options.variables()
    assert environment.warnings(dict.fromkeys((*nodes, *others), "1"), VARIABLES) == []
    web = {name.replace("CHAT_", "CHAT_WEB_"): text for name, text in SERVICE_CHAT.items()}
    clients = dict.fromkeys(VARIABLES, "1") | SERVICE_CHAT | web
    environ = clients | dict.fromkeys(("CHAT_PUBLISH", "CHAT_PUBLISH_NODES"), "1")
    assert all("Kubernetes" in each for each in environment.warnings(environ, nodes))


def test_a_command_warns_only_of_what_it_reads() -> None:
    environ = {"CHAT_REDIS_ULR": "redis://user:sesame@x", "CHAT_GRACEE": "1", "CHAT_PROT": ""}
    [warning] = environment.warnings(environ, ("CHAT_REDIS_URL",), options.variables())
    assert warning.endswith("did you mean CHAT_REDIS_URL?") and "sesame" not in warning
