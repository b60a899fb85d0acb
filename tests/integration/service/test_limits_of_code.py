"""What user code makes is held to the tenant's limits too; its job is not lost by that."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio
from services import Client, Service, text_of

THREE_FILES = """
import os
os.makedirs('out', exist_ok=True)
open('out/small.txt', 'w').write('x' * 1000)
open('out/large.bin', 'wb').write(bytes(50_000_000))
open('out/tiny.txt', 'w').write('x' * 10)
print('done')
"""


@pytest_asyncio.fixture(loop_scope="session")
async def tight(client: Client, service: Service) -> AsyncIterator[Client]:
    """A tenant who may store 20 MB more than it has, and a worker that has not heard of other limits before."""
    me = (await client.http.get("/v1/me")).json()
    path = f"/v1/admin/limits/tenants/{me['tenant']['id']}"
    answer = await client.http.put(path, json={"storage_bytes": me["used"]["storage_bytes"] + 20_000_000})
    assert answer.status_code == 200, answer.text
    service.stop("execute")
    service.run_worker()
    yield client
    assert (await client.http.put(path, json={})).status_code == 200


async def test_files_that_do_not_fit_are_named_and_the_others_kept(tight: Client) -> None:
    session = await tight.session()
    job = await tight.execute(THREE_FILES, session)
    events = await tight.events(job["id"])
    ended = events[-1]["job"]
    assert ended["state"] == "succeeded", ended["error"]
    assert ended["result"]["stdout"] == "done\n"
    assert [file["path"] for file in ended["result"]["files"]] == ["out/small.txt", "out/tiny.txt"]
    note = "out/large.bin was left out: it would be more than the limit allows to be stored."
    assert note in ended["result"]["stderr"]
    assert note in text_of(events, "stderr")
    listed = (await tight.http.get(f"/v1/sessions/{session}/files")).json()["items"]
    assert [file["path"] for file in listed] == ["out/small.txt", "out/tiny.txt"]
    # It is still there for the code, as long as its sandbox lives.
    assert await tight.printed("import os; print(os.path.getsize('out/large.bin'))", session) == "50000000\n"
