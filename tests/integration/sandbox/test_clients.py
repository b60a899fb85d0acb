"""AWS's own clients, unmodified: nothing is set but where the service is, and with which key."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest
from bedrock_agentcore.tools.code_interpreter_client import CodeInterpreter, code_session
from sandbox_server import IDENTIFIER, KEY, SECRET, Server
from strands_tools.code_interpreter import AgentCoreCodeInterpreter
from strands_tools.code_interpreter.models import (
    ExecuteCodeAction,
    ExecuteCommandAction,
    FileContent,
    InitSessionAction,
    LanguageType,
    ListFilesAction,
    ReadFilesAction,
    RemoveFilesAction,
    WriteFilesAction,
)


@pytest.fixture(autouse=True)
def aws(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment that a program for AWS finds."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_AGENTCORE", server.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-2")


def test_boto3_with_its_own_settings() -> None:
    client = boto3.client("bedrock-agentcore")
    started = client.start_code_interpreter_session(
        codeInterpreterIdentifier=IDENTIFIER, name="mine", sessionTimeoutSeconds=60
    )
    at = {"codeInterpreterIdentifier": IDENTIFIER, "sessionId": started["sessionId"]}
    answer = client.invoke_code_interpreter(**at, name="executeCode", arguments={"language": "python", "code": "6 * 7"})
    assert answer["sessionId"] == started["sessionId"]
    [event] = list(answer["stream"])
    assert event["result"]["structuredContent"]["stdout"] == "42\n"
    assert event["result"]["content"] == [{"type": "text", "text": "42\n"}]
    got = client.get_code_interpreter_session(**at)
    assert (got["name"], got["status"], got["sessionTimeoutSeconds"]) == ("mine", "READY", 60)
    assert got["createdAt"] == started["createdAt"]
    listed = client.list_code_interpreter_sessions(codeInterpreterIdentifier=IDENTIFIER, status="READY", maxResults=100)
    assert [item["name"] for item in listed["items"] if item["sessionId"] == started["sessionId"]] == ["mine"]
    stopped = client.stop_code_interpreter_session(**at)
    assert stopped["lastUpdatedAt"] >= started["createdAt"]
    ended = client.list_code_interpreter_sessions(codeInterpreterIdentifier=IDENTIFIER, status="TERMINATED")
    assert started["sessionId"] in [item["sessionId"] for item in ended["items"]]


def test_boto3_lists_page_by_page() -> None:
    client = boto3.client("bedrock-agentcore")
    sessions = [client.start_code_interpreter_session(codeInterpreterIdentifier="pages")["sessionId"] for _ in range(3)]
    seen, token = [], {}
    while True:
        page = client.list_code_interpreter_sessions(codeInterpreterIdentifier="pages", maxResults=2, **token)
        seen += [item["sessionId"] for item in page["items"]]
        if "nextToken" not in page:
            break
        token = {"nextToken": page["nextToken"]}
    assert seen == sessions[::-1]
    for session in sessions:
        client.stop_code_interpreter_session(codeInterpreterIdentifier="pages", sessionId=session)


def test_the_agentcore_client() -> None:
    interpreter = CodeInterpreter("us-west-2")
    interpreter.start(session_timeout_seconds=60)
    interpreter.upload_file("in.csv", "a,b\n1,2\n")
    interpreter.upload_files([{"path": "b.bin", "content": b"\x00\xff"}, {"path": "deep/c.txt", "content": "c"}])
    [event] = list(interpreter.execute_code("import csv; list(csv.reader(open('in.csv')))")["stream"])
    assert event["result"]["structuredContent"]["stdout"] == "[['a', 'b'], ['1', '2']]\n"
    assert interpreter.download_file("in.csv") == "a,b\n1,2\n"
    assert interpreter.download_files(["in.csv", "b.bin"]) == {"/in.csv": "a,b\n1,2\n", "/b.bin": b"\x00\xff"}
    [event] = list(interpreter.execute_command("ls deep; exit 3")["stream"])
    assert event["result"]["structuredContent"]["stdout"] == "c.txt\n"
    assert event["result"]["structuredContent"]["exitCode"] == 3
    list(interpreter.execute_code("x = 1")["stream"])
    interpreter.clear_context()
    [event] = list(interpreter.execute_code("x")["stream"])
    assert event["result"]["isError"]
    assert interpreter.get_session()["status"] == "READY"
    assert interpreter.session_id in [item["sessionId"] for item in interpreter.list_sessions()["items"]]
    interpreter.stop()


def test_the_agentcore_client_in_the_background() -> None:
    with code_session("us-west-2") as interpreter:
        [event] = list(interpreter.invoke("startCommandExecution", {"command": "echo $((6 * 7))"})["stream"])
        task = event["result"]["structuredContent"]["taskId"]
        said = {"taskStatus": "working"}
        while said["taskStatus"] == "working":
            [event] = list(interpreter.invoke("getTask", {"taskId": task})["stream"])
            said = event["result"]["structuredContent"]
        assert (said["taskStatus"], said["stdout"], said["exitCode"]) == ("completed", "42\n", 0)


@pytest.fixture
def strands() -> Iterator[AgentCoreCodeInterpreter]:
    tool = AgentCoreCodeInterpreter(region="us-west-2", session_name="mine", auto_create=True)
    tool.start_platform()
    yield tool
    tool.cleanup_platform()


def test_the_tool_of_strands(strands: AgentCoreCodeInterpreter) -> None:
    started = strands.init_session(InitSessionAction(type="initSession", description="test", session_name="mine"))
    assert started["status"] == "success", started

    def run(code: str) -> dict[str, object]:
        answer: dict[str, object] = strands.execute_code(
            ExecuteCodeAction(type="executeCode", session_name="mine", code=code, language=LanguageType.PYTHON)
        )
        return answer

    assert run("x = 41")["status"] == "success"
    assert "42" in str(run("x + 1")["content"])
    failed = run("1 / 0")
    assert "ZeroDivisionError" in str(failed["content"])
    named = {"session_name": "mine"}
    written = strands.write_files(
        WriteFilesAction(type="writeFiles", content=[FileContent(path="a.txt", text="from strands")], **named)
    )
    assert written["status"] == "success", written
    assert "from strands" in str(strands.read_files(ReadFilesAction(type="readFiles", paths=["a.txt"], **named)))
    assert "a.txt" in str(strands.list_files(ListFilesAction(type="listFiles", path=".", **named)))
    command = strands.execute_command(ExecuteCommandAction(type="executeCommand", command="cat a.txt", **named))
    assert "from strands" in str(command["content"])
    assert strands.remove_files(RemoveFilesAction(type="removeFiles", paths=["a.txt"], **named))["status"] == "success"
    assert "a.txt" not in str(strands.list_files(ListFilesAction(type="listFiles", path=".", **named)))


def test_the_tool_of_strands_asks_for_javascript_and_is_told(strands: AgentCoreCodeInterpreter) -> None:
    strands.init_session(InitSessionAction(type="initSession", description="test", session_name="mine"))
    with pytest.raises(Exception, match="Only Python is run here"):
        strands.execute_code(
            ExecuteCodeAction(type="executeCode", session_name="mine", code="1", language=LanguageType.JAVASCRIPT)
        )
