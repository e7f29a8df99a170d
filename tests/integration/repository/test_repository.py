"""What no compiler checks: facts that several files of this repository have to agree on."""

import re
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.support.repository import (
    PACKAGES,
    ROOT,
    WORKFLOWS,
    load,
    matched,
    project,
    read,
    run,
    services,
)

HAPROXY = "ops/haproxy.cfg"


@cache
def settings_in_help() -> frozenset[str]:
    """The environment variables that a node says it understands."""
    shown = run(sys.executable, "-m", "node", "--help")
    assert shown.returncode == 0, shown.stderr
    return frozenset(re.findall(r"\bCHAT_[A-Z_]*[A-Z]\b", shown.stdout))


# ---- Schemas


@pytest.mark.parametrize(
    ("schema", "path"),
    [
        *(("vendor.github-workflows", path) for path in WORKFLOWS),
        ("vendor.dependabot", ROOT / ".github/dependabot.yml"),
        ("vendor.compose-spec", ROOT / "docker-compose.yml"),
    ],
    ids=lambda value: value.name if isinstance(value, Path) else value,
)
def test_it_follows_its_schema(schema: str, path: Path) -> None:
    checked = run(sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(path))
    assert checked.returncode == 0, checked.stdout + checked.stderr


# ---- Versions


def test_the_tests_run_on_every_python_that_we_say_we_support() -> None:
    said = [
        classifier.rpartition(" ")[2]
        for classifier in project()["classifiers"]
        if re.search(r":: 3\.\d+$", classifier)
    ]
    jobs = load(ROOT / ".github/workflows/ci.yml")["jobs"]
    assert jobs["unit"]["strategy"]["matrix"]["python"] == said
    assert project()["requires-python"] == f">={said[0]}"
    images = re.findall(r"^FROM python:([\d.]+)-slim", read("Dockerfile"), re.MULTILINE)
    assert images and set(images) <= set(said)


def test_the_version_has_its_notes() -> None:
    notes = run(".ci/release-notes", project()["version"])
    _, section = read("CHANGELOG.md").split(f"\n## [{project()['version']}]")
    assert notes.stdout.strip() == section.split("\n## ")[0].partition("\n")[2].strip() != ""


def test_a_version_nobody_wrote_about_has_no_notes() -> None:
    assert run(".ci/release-notes", "0.0.0").returncode == 1


# ---- The package and the image


def test_no_folder_of_code_is_left_out_of_the_package() -> None:
    for package in PACKAGES:
        for source in (ROOT / package).rglob("*.py"):
            assert (source.parent / "__init__.py").exists(), f"{source.parent} is not a package"


def test_the_image_holds_every_package() -> None:
    allowed = read(".dockerignore").splitlines()
    for name in (
        *PACKAGES,
        "web",
        "requirements",
        project()["readme"],
        *project()["license-files"],
    ):
        assert f"!{name}" in allowed


def test_an_old_engine_can_build_the_image() -> None:
    too_new = r"^# *syntax|<<|--link|--start-interval"
    assert not re.findall(too_new, read("Dockerfile"), re.MULTILINE)


# ---- Settings


def test_what_the_image_and_compose_set_is_a_setting() -> None:
    in_image = set(re.findall(r"\bCHAT_\w+(?==)", read("Dockerfile")))
    assert in_image | set(services()["node"]["environment"]) <= settings_in_help()


def test_every_setting_is_explained_to_operators() -> None:
    explained = set(re.findall(r"\bCHAT_\w+", read("docs/operations.md")))
    assert settings_in_help() <= explained


def test_a_node_is_given_the_time_that_its_drain_takes() -> None:
    node = services()["node"]
    # It may take 5 s more than the drain itself; the rest is for the engine.
    assert int(node["stop_grace_period"].removesuffix("s")) > node["environment"]["CHAT_DRAIN"] + 5


# ---- Compose


@pytest.mark.parametrize("name", services())
def test_a_service_can_do_no_more_than_it_must(name: str) -> None:
    service = services()[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    user = service.get("user") or matched(r"^USER (.+)", "Dockerfile")
    assert user not in ("root", "0")


def test_redis_is_not_published_and_keeps_what_it_acknowledged() -> None:
    assert "ports" not in services()["redis"]
    assert "--appendonly yes" in services()["redis"]["command"]


@pytest.mark.parametrize("name", ["redis", "front", "node"])
def test_strangers_cannot_fill_the_disk_with_log_lines(name: str) -> None:
    logging = services()[name]["logging"]
    assert logging["driver"] == "json-file"
    assert set(logging["options"]) == {"max-size", "max-file"}


def test_only_nodes_reach_redis() -> None:
    assert services()["redis"]["networks"] == ["data"]
    reaching = {
        name for name, service in services().items() if "data" in service.get("networks", ())
    }
    assert reaching == {"redis", "node"}
    assert "default" in services()["node"]["networks"]


def section(name: str) -> str:
    """A section of the front's configuration."""
    found = re.search(rf"^{name}\n((?: .*\n|\n)*)", read(HAPROXY), re.MULTILINE)
    assert found, name
    return found[1]


def ports_of_the_front() -> dict[int, int]:
    """Which port of the nodes each published port of the front leads to."""
    found = {}
    for name in ("chat", "web"):
        frontend = section(f"frontend {name}")
        [port] = re.findall(r"bind :(\d+)", frontend)
        [backend] = re.findall(r"default_backend (\w+)", frontend)
        [to] = re.findall(r" node:(\d+) ", section(f"backend {backend}"))
        found[int(port)] = int(to)
    return found


def test_the_front_knows_the_ports() -> None:
    environment = services()["node"]["environment"]
    web = int(matched(r"CHAT_WEB_PORT=(\d+)", "Dockerfile"))
    assert environment["CHAT_WEB_PORT"] == web
    assert ports_of_the_front() == {9999: 9999, 8080: web}
    assert [port.partition("}:")[2] for port in services()["front"]["ports"]] == [
        f"{port}:{port}" for port in ports_of_the_front()
    ]
    assert services()["node"]["ports"][0].endswith(":9999")


def test_the_front_asks_the_port_for_health_whether_a_node_is_ready() -> None:
    defaults = section("defaults")
    [port] = re.findall(r"default-server check port (\d+)", defaults)
    assert port == matched(r"CHAT_HTTP_PORT=(\d+)", "Dockerfile")
    assert "option httpchk GET /readyz" in defaults and "send-proxy-v2" in defaults
    # Only the header of the PROXY protocol is believed, so nodes have to be told to take it.
    assert services()["node"]["environment"]["CHAT_PROXY_PROTOCOL"] == 1


def test_the_health_of_the_front_is_asked_inside_its_container_only() -> None:
    [address] = re.findall(r"bind (127\.0\.0\.1:\d+)", section("frontend health"))
    assert f"http://{address}/readyz" in services()["front"]["healthcheck"]["test"]
    published = {str(port) for port in ports_of_the_front()}
    assert address.rpartition(":")[2] not in published


def test_the_image_says_which_ports_it_has() -> None:
    exposed = matched(r"^EXPOSE (.+)", "Dockerfile").split()
    named = re.findall(r"CHAT_\w+_PORT=(\d+)", read("Dockerfile"))
    assert set(exposed) == {"9999", *named}


def test_the_program_that_checks_the_image_exists() -> None:
    module = matched(r'"-m", "([\w.]+)"\]', "Dockerfile")
    assert (ROOT / f"{module.replace('.', '/')}.py").is_file()


def test_the_front_has_room_for_every_node_that_can_be_published() -> None:
    first, last = re.findall(r"(\d+)-(\d+):", services()["node"]["ports"][0])[0]
    slots = re.findall(r"server-template \S+ (\d+) ", read(HAPROXY))
    assert {int(most) for most in slots} == {int(last) - int(first) + 1}
