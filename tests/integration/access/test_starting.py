"""Who may come in is settled before the service listens; and how the first admin gets a key."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from houses import House, OpenHouse
from services import PATIENCE_S

from api.__main__ import why_not
from api.app import create_app
from core.access import keys, operator, tokens
from core.access.operator import UnusableKey
from core.access.principal import Scope
from core.access.tokens import Kind
from core.database.pool import Pool, connect
from core.settings import Settings
from core.tenants import DEFAULT_TENANT
from embedded.children import bare_environment
from tests.zygote import zygote

ROOT = Path(__file__).resolve().parents[3]
ISSUER = json.dumps([{"issuer": "https://issuer.example", "audiences": ["a"], "tenant": "default"}])


def run(module: str, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", module, *words],
        cwd=ROOT,
        env={**bare_environment(), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def forked(module: str, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The same without its imports."""
    own = {**bare_environment(), "PYTHONPATH": str(ROOT), **environment}
    return zygote().run(["-m", module, *words], own, PATIENCE_S)


def sentence(done: subprocess.CompletedProcess[str]) -> str:
    """Why it did not start: in one line, and without a traceback."""
    assert done.returncode == 2
    [line] = done.stderr.strip().splitlines()
    return line


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "example.com", "127.0.0.1.example.com"])
@pytest.mark.parametrize("auth", [{}, {"auth": "none"}])
def test_asking_nobody_it_listens_on_loopback_alone(host: str, auth: dict[str, Any]) -> None:
    said = why_not(Settings(host=host, **auth))
    assert said is not None
    assert "ACI_AUTH=keys" in said
    assert host in said


def test_what_is_refused_is_said_in_a_sentence_and_nothing_listens() -> None:
    assert "'0.0.0.0' is not one: set ACI_AUTH=keys" in sentence(run("api", ACI_HOST="0.0.0.0"))


def test_issuers_are_of_no_use_where_nobody_is_asked() -> None:
    assert "ACI_AUTH=keys" in sentence(forked("api", ACI_OIDC_ISSUERS=ISSUER))


NO_KEYS = {
    "nothing": "",
    "a word": "short",
    "a prefix": "aci_",
    "the form alone": "aci_" + "0" * 48,
    "a cookie": tokens.draw(Kind.SIGN_IN),
    "a part of one": tokens.draw(Kind.KEY)[:-1],
    "other letters": "ä" * 52,
    "the length alone": "k" * 52,
}


@pytest.mark.parametrize("text", NO_KEYS.values(), ids=NO_KEYS)
def test_a_key_file_that_holds_no_key(text: str, tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(text)
    with pytest.raises(UnusableKey) as refused:
        create_app(Settings(auth="keys", admin_key_file=file))
    assert str(file) in str(refused.value)
    assert len(text) < 5 or text not in str(refused.value).replace(str(file), "")


def test_a_key_file_that_is_not_there(tmp_path: Path) -> None:
    assert "can't be read" in sentence(forked("api", ACI_AUTH="keys", ACI_ADMIN_KEY_FILE=str(tmp_path / "none")))


async def test_a_key_in_a_file_is_an_admins_once_and_stays_what_it_became(open_house: OpenHouse, pool: Pool) -> None:
    house = await open_house()
    async with house.visitor(house.admin_key) as admin:
        assert (await admin.get("/v1/me")).json()["scopes"] == ["admin", "user"]
        key_id = (await admin.get("/v1/me")).json()["key"]["id"]
    await asyncio.gather(*(operator.take_up(pool, house.admin_key) for _ in range(5)))
    digest = tokens.digest(house.admin_key)
    assert await pool.fetchval("SELECT count(*) FROM api_keys WHERE sha256 = $1", digest) == 1
    assert await pool.fetchval("SELECT count(*) FROM audit_log WHERE target = $1", key_id) == 1
    await house.as_admin("POST", f"/keys/{key_id}/revoke", 200)
    await operator.take_up(pool, house.admin_key)
    assert await pool.fetchval("SELECT revoked_at FROM api_keys WHERE sha256 = $1", digest) is not None


async def test_the_first_admin_gets_a_key_and_the_second_is_told_of_it(
    house: House, new_database: object, settings: Settings
) -> None:
    address = await new_database()  # type: ignore[operator]
    first = await asyncio.to_thread(run, "api.access.bootstrap", DATABASE_URL=address)
    assert first.returncode == 0, first.stderr
    key = first.stdout.strip()
    assert tokens.well_formed(Kind.KEY, key)
    assert key not in first.stderr
    second = await asyncio.to_thread(forked, "api.access.bootstrap", DATABASE_URL=address)
    assert (second.returncode, second.stdout) == (3, "")
    another = await asyncio.to_thread(forked, "api.access.bootstrap", "--another", "--name", "x", DATABASE_URL=address)
    assert another.returncode == 0
    connection = await connect(Settings(DATABASE_URL=address))  # type: ignore[call-arg]
    try:
        rows = await keys.page(connection, DEFAULT_TENANT, 9, None)
        assert {(row.name, *row.scopes) for row in rows} == {
            ("first admin", "admin", "user"),
            ("x", "admin", "user"),
        }
        for row in rows:
            await keys.revoke(connection, operator.OPERATOR, row.id)
        assert await operator.first_admin_key(connection, "again") is not None, "nobody could come in any more"
    finally:
        await connection.close()


async def test_of_many_who_bootstrap_at_once_one_gets_a_key(new_database: object) -> None:
    named = Settings(DATABASE_URL=await new_database())  # type: ignore[operator, call-arg]
    connections = await asyncio.gather(*(connect(named) for _ in range(8)))
    got = await asyncio.gather(*(operator.first_admin_key(one, "first") for one in connections))
    assert len([key for key in got if key is not None]) == 1
    await asyncio.gather(*(one.close() for one in connections))


def test_without_a_database_bootstrap_says_so_in_a_sentence() -> None:
    done = forked("api.access.bootstrap", DATABASE_URL="postgresql://aci:hush@127.0.0.1:1/aci")
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert "hush" not in done.stderr


def test_a_key_is_drawn_without_anybody_being_asked() -> None:
    done = forked("api.access.bootstrap", "--draw", DATABASE_URL="postgresql://127.0.0.1:1/none")
    assert tokens.well_formed(Kind.KEY, done.stdout.strip())


async def test_an_admins_scopes_can_be_parted(house: House) -> None:
    only_admin = await house.key(scopes=[Scope.ADMIN])
    async with house.visitor(only_admin["secret"]) as admin:
        assert (await admin.get("/v1/admin/tenants")).status_code == 200
        assert (await admin.get("/v1/jobs")).status_code == 403, "who runs the service need not see what users do"
