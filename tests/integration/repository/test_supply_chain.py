"""What is built is made only of what is known, and released only by those who may."""

import re
from functools import cache
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support.repository import ROOT, WORKFLOWS, load, project, pyproject, read, run

LOCKS = ("build", "runtime", "test", "tools")


def jobs() -> dict[str, Any]:
    """The jobs of the workflow that checks and releases."""
    table: dict[str, Any] = load(ROOT / ".github/workflows/ci.yml")["jobs"]
    return table


@cache
def locked(name: str) -> dict[str, tuple[Requirement, list[str]]]:
    """What a lock holds, by canonical name: what is asked for, and the options behind it."""
    lines = read(f"requirements/{name}.txt").replace("\\\n", " ").splitlines()
    entries = [line.split(" --") for line in lines if not re.match(r"\s*(#|$)", line)]
    asked = [(Requirement(words[0]), [word.strip() for word in words[1:]]) for words in entries]
    return {canonicalize_name(requirement.name): (requirement, o) for requirement, o in asked}


def asked_for(name: str) -> list[str]:
    """What the lock of that name is made from."""
    if name in ("build", "tools"):
        return [
            line for line in read(f"requirements/{name}.in").splitlines() if line[:1] not in "#"
        ]
    optional: dict[str, list[str]] = project()["optional-dependencies"]
    extras = [*optional["test"], *optional["web"]] if name == "test" else []
    return [*project()["dependencies"], *extras]


# ---- Locks


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_one_version_of_each_package_by_its_hashes_and_no_index(name: str) -> None:
    assert locked(name)
    for requirement, options in locked(name).values():
        assert [s.operator for s in requirement.specifier] == ["=="], requirement
        assert requirement.url is None
        assert options
        for option in options:
            assert re.fullmatch(r"hash=sha256:[0-9a-f]{64}", option), (requirement, option)
    assert "://" not in read(f"requirements/{name}.txt")


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_is_what_is_asked_for(name: str) -> None:
    for text in asked_for(name):
        asked = Requirement(text)
        have = locked(name).get(canonicalize_name(asked.name))
        assert have, f"{text} is not locked: make lock"
        version = next(iter(have[0].specifier)).version
        assert version in asked.specifier, f"{text} is locked at {version}: make lock"


def test_locks_agree_so_that_they_can_be_installed_together() -> None:
    for name in ("build", "runtime", "tools"):
        for package, (requirement, options) in locked(name).items():
            other = locked("test").get(package)
            assert other is None or (other[0].specifier, other[1]) == (
                requirement.specifier,
                options,
            )


def test_what_makes_the_wheel_is_locked_as_pyproject_asks_for_it() -> None:
    assert set(pyproject()["build-system"]["requires"]) <= set(asked_for("build"))


@pytest.mark.parametrize("path", ["Dockerfile", *(str(p.relative_to(ROOT)) for p in WORKFLOWS)])
def test_nothing_is_installed_but_what_is_locked(path: str) -> None:
    text = read(path).replace("\\\n", " ")
    commands = re.findall(r"pip[\w./ -]*? (?:install|wheel) [^\n&]*", text)
    assert commands
    for command in commands:
        assert "--require-hashes" in command or "--no-deps" in command, command
    assert "pipx" not in text


# ---- Workflows


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_jobs_have_only_the_rights_they_name_and_an_end(path: Path) -> None:
    workflow = load(path)
    assert workflow["permissions"] == {}
    for name, job in workflow["jobs"].items():
        assert "permissions" in job, name
        assert job["timeout-minutes"] <= 60, name


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned_to_commits_and_say_their_version(path: Path) -> None:
    uses = re.findall(r"\buses:(.*)", path.read_text(encoding="utf-8"))
    assert uses
    for use in uses:
        assert re.fullmatch(r" [\w-]+/[\w-]+@[0-9a-f]{40} # v\d+(\.\d+){2}", use), use


def test_one_action_is_one_commit_everywhere() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in WORKFLOWS)
    pins = set(re.findall(r"\buses: (\S+)@(\S+)", text))
    assert len(pins) == len(dict(pins))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_no_workflow_needs_a_secret_or_leaves_one_behind(path: Path) -> None:
    assert "secrets." not in path.read_text(encoding="utf-8")
    for job in load(path)["jobs"].values():
        for step in job["steps"]:
            if "actions/checkout" in step.get("uses", ""):
                assert step["with"]["persist-credentials"] is False


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_what_the_workflows_run_is_there(path: Path) -> None:
    for script in re.findall(r"(?<![\w/])(?:\.ci|tests)/[\w/.-]+", path.read_text("utf-8")):
        assert (ROOT / script).stat().st_mode & 0o100, f"{script} cannot be executed"


def test_only_what_is_all_green_is_released() -> None:
    releasing = {"release", "image", "pypi"}
    assert jobs()["release"]["needs"] == "green"
    assert "refs/heads/main" in jobs()["release"]["if"]
    for name in releasing - {"release"}:
        assert jobs()[name]["needs"] == "release"
        assert jobs()[name]["if"].startswith("needs.release.outputs.version")
    assert set(jobs()["green"]["needs"]) == set(jobs()) - {"green"} - releasing
    for name in set(jobs()) - releasing:
        assert "write" not in jobs()[name]["permissions"].values(), name


def test_dependabot_looks_after_everything_and_lets_it_age() -> None:
    updates = load(ROOT / ".github/dependabot.yml")["updates"]
    looked_after = {(update["package-ecosystem"], update["directory"]) for update in updates}
    assert looked_after >= {("github-actions", "/"), ("pip", "/"), ("uv", "/requirements")}
    assert looked_after >= {("docker", "/"), ("docker-compose", "/")}
    assert all(update["cooldown"]["default-days"] >= 7 for update in updates)


# ---- Releases


def test_a_version_is_unreleased_until_it_has_its_tag(tmp_path: Path) -> None:
    copytree(ROOT / ".ci", tmp_path / ".ci")
    (tmp_path / "pyproject.toml").write_text(read("pyproject.toml"), encoding="utf-8")
    git = ("git", "-c", "user.name=x", "-c", "user.email=x", "-c", "commit.gpgsign=false")
    for command in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "first"]):
        assert run(*git, *command, cwd=tmp_path).returncode == 0
    said = run(".ci/unreleased", cwd=tmp_path)
    assert (said.returncode, said.stdout) == (0, project()["version"] + "\n"), said.stderr
    assert run(*git, "tag", "v" + project()["version"], cwd=tmp_path).returncode == 0
    said = run(".ci/unreleased", cwd=tmp_path)
    assert (said.returncode, said.stdout) == (0, ""), said.stderr
