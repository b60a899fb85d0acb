"""Each thing that keeps the service from starting is told in a sentence that says what to do."""

import os
import socket
from pathlib import Path

import pytest

from embedded import addresses, identity, postgres, redis
from embedded.errors import (
    AlreadyRunning,
    FolderNotWritable,
    NoAccount,
    NoRedis,
    OpenToAll,
    PortTaken,
    WrongPostgresData,
)
from embedded.places import Places, exclusive, publish_address


def test_a_taken_port_is_named_with_another_to_use() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(PortTaken, match=rf"Port {port} is taken.*ACI_PORT={port + 1} make run"):
            addresses.check_free(addresses.Address("127.0.0.1", port))


def test_an_address_of_another_machine_is_a_sentence() -> None:
    with pytest.raises(PortTaken, match="Nothing can listen on 203"):
        addresses.check_free(addresses.Address("203.0.113.7", 8000))


@pytest.mark.parametrize("value", ["http", "0", "70000", "-1"])
def test_a_port_that_is_none_is_a_sentence(value: str) -> None:
    with pytest.raises(PortTaken, match="is no port"):
        addresses.api_address({"ACI_PORT": value})


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.com"])
def test_an_address_that_strangers_reach_wants_keys(host: str) -> None:
    with pytest.raises(OpenToAll, match="ACI_AUTH=keys"):
        addresses.api_address({"ACI_HOST": host})
    with pytest.raises(OpenToAll):
        addresses.api_address({"ACI_HOST": host, "ACI_AUTH": "none"})
    assert addresses.api_address({"ACI_HOST": host, "ACI_AUTH": "keys"}).host == host
    assert addresses.api_address({"ACI_HOST": "::1"}).host == "::1"


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("0.0.0.0", "http://127.0.0.1:8000"),
        ("::1", "http://[::1]:8000"),
        ("::", "http://[::1]:8000"),
    ],
)
def test_the_address_is_one_a_browser_can_open(host: str, url: str) -> None:
    assert addresses.Address(host, 8000).url == url


def test_a_home_that_can_not_be_written_is_a_sentence(tmp_path: Path) -> None:
    # A file in the way stops root as well, which permissions don't.
    (tmp_path / "file").touch()
    with pytest.raises(FolderNotWritable, match="ACI_HOME=/path/to/folder make run"):
        Places(tmp_path / "file" / "var").prepare()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_home_is_a_sentence(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(FolderNotWritable):
        Places(tmp_path / "var").prepare()


def test_a_second_start_in_the_same_home_says_where_the_first_is(tmp_path: Path) -> None:
    places = Places(tmp_path)
    places.prepare()
    with exclusive(places):
        publish_address(places, "http://127.0.0.1:8000")
        with pytest.raises(AlreadyRunning, match=rf"at http://127.0.0.1:8000 \(pid {os.getpid()}\)"), exclusive(places):
            pass
    with exclusive(places):
        pass


def test_data_of_another_postgres_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "PG_VERSION").write_text("16\n")
    with pytest.raises(WrongPostgresData, match="Postgres 16, and this is Postgres 18"):
        postgres.check_data(tmp_path)


def test_a_uid_without_an_account_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity.os, "geteuid", lambda: 987654)
    with pytest.raises(NoAccount, match="uid 987654 has no account"):
        identity.identity_for_postgres(namespaces=False)


def test_root_without_any_other_account_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity.os, "geteuid", lambda: 0)
    monkeypatch.setattr(identity, "ACCOUNTS", ("no-such-account",))
    with pytest.raises(NoAccount, match="refuses to run as root"):
        identity.identity_for_postgres(namespaces=False)


def test_no_redis_names_the_package_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(redis.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(NoRedis, match="apt install redis-server"):
        redis.server_program()


def test_a_redis_that_is_too_old_is_passed_over(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    old = tmp_path / "redis-server"
    old.write_text("#!/bin/sh\necho 'Redis server v=5.0.3 sha=0:0 malloc=jemalloc bits=64'\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(redis.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(NoRedis, match=r"older than 6\.2"):
        redis.server_program()


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ("Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64", (7, 0)),
        ("Valkey server v=8.1.1 sha=00000000:0", (8, 1)),
        ("Illegal instruction", (0, 0)),
    ],
)
def test_reads_the_version_of_a_redis(said: str, version: tuple[int, int]) -> None:
    assert redis.parse_version(said) == version
