"""Where `aci` finds the service and the key, and who else can read that."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli import config
from cli.errors import CommandError


def environment(home: Path, **more: str) -> dict[str, str]:
    return {"HOME": str(home), **more}


def test_without_anything_it_is_the_service_of_this_machine(tmp_path: Path) -> None:
    found = config.load(environment(tmp_path))
    assert (found.url, found.key, found.source) == (config.DEFAULT_URL, None, "the default")


def test_what_was_kept_is_found_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    file = config.save("https://aci.example", "aci_key", environment(tmp_path))
    assert file == tmp_path / ".config" / "aci" / "config.json"
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    found = config.load(environment(tmp_path))
    assert (found.url, found.key) == ("https://aci.example", "aci_key")
    assert [each.name for each in file.parent.iterdir()] == ["config.json"]
    config.save("https://aci.example", None, environment(tmp_path))
    assert config.load(environment(tmp_path)).key is None
    assert config.forget(environment(tmp_path)) == file
    assert config.forget(environment(tmp_path)) is None


def test_the_environment_counts_before_the_file(tmp_path: Path) -> None:
    config.save("https://aci.example", "kept", environment(tmp_path))
    given = config.load(environment(tmp_path, ACI_URL="https://aci.example/", ACI_API_KEY="given"))
    assert (given.url, given.key) == ("https://aci.example/", "given")


def test_a_kept_key_is_never_sent_to_another_address(tmp_path: Path) -> None:
    config.save("https://aci.example", "kept", environment(tmp_path))
    assert config.load(environment(tmp_path, ACI_URL="https://evil.example")).key is None
    assert config.load(environment(tmp_path, ACI_URL="https://aci.example/")).key == "kept"


def test_a_file_that_others_can_read_is_not_used(tmp_path: Path) -> None:
    config.save("https://aci.example", "kept", environment(tmp_path)).chmod(0o640)
    with pytest.raises(CommandError, match="chmod 600"):
        config.load(environment(tmp_path))


@pytest.mark.parametrize("content", ["", "{", "[1]", '{"url": 5, "key": []}'])
def test_a_broken_file_is_told_of_or_says_nothing(content: str, tmp_path: Path) -> None:
    config.save("https://aci.example", "kept", environment(tmp_path)).write_text(content)
    try:
        assert config.load(environment(tmp_path)).key is None
    except CommandError as error:
        assert "aci login" in str(error)


def test_the_folder_for_configuration_is_where_xdg_says(tmp_path: Path) -> None:
    assert config.file_of({"XDG_CONFIG_HOME": "/x", "HOME": "/h"}) == Path("/x/aci/config.json")
    assert config.file_of({"XDG_CONFIG_HOME": "not/absolute", "HOME": "/h"}) == Path("/h/.config/aci/config.json")


@pytest.mark.parametrize(
    ("url", "here"),
    [("http://127.0.0.1:1", True), ("http://[::1]:1", True), ("https://localhost", True), ("https://a.example", False),
     ("http://127.0.0.1.evil.example", False), ("nonsense", False), ("http://[", False)],
)  # fmt: skip
def test_which_addresses_are_this_machines(url: str, here: bool) -> None:
    assert config.is_loopback(url) is here
