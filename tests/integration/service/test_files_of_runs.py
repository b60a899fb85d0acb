"""What a run does to its session's files: kept whole, told, and there again in a fresh sandbox."""

from __future__ import annotations

import hashlib
from typing import Any

from services import Client, types


async def ran(client: Client, code: str, session: str) -> tuple[dict[str, Any], dict[str, str]]:
    """The job, which must succeed, and what it did to which file."""
    job = await client.ran(code, session)
    assert job["state"] == "succeeded", job["error"]
    return job, {file["path"]: file["change"] for file in job["result"]["files"]}


async def content(client: Client, session: str, path: str) -> bytes:
    answer = await client.http.get(f"/v1/sessions/{session}/files/{path}")
    assert answer.status_code == 200, answer.text
    return answer.content


async def test_a_large_file_is_kept_and_restored_piece_by_piece(client: Client) -> None:
    session = await client.session()
    code = "import hashlib, os\nopen('big.bin', 'wb').write(os.urandom(9 << 20) + b'end')\nos.makedirs('elsewhere')\n"
    code += "os.chdir('elsewhere')\nprint(hashlib.sha256(open('../big.bin', 'rb').read()).hexdigest())"
    job, changed = await ran(client, code, session)
    assert changed == {"big.bin": "created"}
    digest = job["result"]["stdout"].strip()
    assert hashlib.sha256(await content(client, session, "big.bin")).hexdigest() == digest
    await client.http.post(f"/v1/sessions/{session}/reset")
    check = "import hashlib\nprint(hashlib.sha256(open('big.bin', 'rb').read()).hexdigest())"
    job = await client.execute(check, session)
    events = await client.events(job["id"])
    assert events[-1]["job"]["result"]["stdout"].strip() == digest
    assert "sandbox.reset" in types(events)
    assert "file.changed" not in types(events)


async def test_what_was_written_anew_with_the_same_content_is_no_change(client: Client) -> None:
    session = await client.session()
    write = "open('same.txt', 'w').write('same')\nopen('other.txt', 'w').write('{}')\nNone"
    _, first = await ran(client, write.format("one"), session)
    assert first == {"same.txt": "created", "other.txt": "created"}
    before = (await client.http.get(f"/v1/sessions/{session}/files")).json()["items"]
    _, second = await ran(client, write.format("two"), session)
    assert second == {"other.txt": "modified"}
    after = (await client.http.get(f"/v1/sessions/{session}/files")).json()["items"]
    ids = [{file["path"]: file["id"] for file in files} for files in (before, after)]
    assert ids[0]["same.txt"] == ids[1]["same.txt"]
    assert ids[0]["other.txt"] != ids[1]["other.txt"]
    _, third = await ran(client, "import os\nos.remove('same.txt')", session)
    assert third == {"same.txt": "deleted"}


async def test_what_a_run_overwrote_or_deleted_can_still_be_downloaded(client: Client) -> None:
    session = await client.session()
    job, _ = await ran(client, "open('it.txt', 'w').write('first')\nNone", session)
    [first] = job["result"]["files"]
    await ran(client, "open('it.txt', 'w').write('second')\nNone", session)
    await ran(client, "import os\nos.remove('it.txt')", session)
    files = f"/v1/sessions/{session}/files"
    assert (await client.http.get(f"{files}/it.txt")).status_code == 404
    answer = await client.http.get(f"{files}/it.txt", params={"file_id": first["file_id"]})
    assert (answer.status_code, answer.text) == (200, "first")
    versions = (await client.http.get(files, params={"versions": True})).json()["items"]
    assert [version["size"] for version in versions] == [6, 5]
    assert versions[1]["id"] == first["file_id"] and versions[1]["replaced_at"]
    assert (await client.http.get(files)).json()["items"] == []
    refused = await client.http.get(f"{files}/it.txt", params={"file_id": "fil_nonsense"})
    assert refused.status_code == 422, refused.text


async def test_names_that_cannot_be_kept_are_told_and_links_are_left_out(client: Client) -> None:
    session = await client.session()
    code = """
import os
open('new\\nline.txt', 'w').write('x')
open(b'not-utf-8-\\xff.txt', 'w').write('x')
open('good.txt', 'w').write('x')
os.symlink('/etc/passwd', 'link.txt')
os.symlink('/etc', 'folder')
os.mkfifo('pipe')
"""
    job, changed = await ran(client, code, session)
    assert changed == {"good.txt": "created"}
    assert "its name can't be kept ('new\\nline.txt')" in job["result"]["stderr"]
    assert "not-utf-8-" in job["result"]["stderr"]
    assert "root:" not in str(job["result"])


async def test_very_many_files_are_bounded_and_the_rest_is_told(client: Client) -> None:
    session = await client.session()
    code = "for n in range(1003):\n    open(f'{n:04}.txt', 'w').write(str(n))"
    job, changed = await ran(client, code, session)
    assert len(changed) == 1000
    assert job["result"]["truncated"]
    assert "3 more files were changed than are kept of one run" in job["result"]["stderr"]
