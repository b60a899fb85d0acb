"""Live `input()`: what the code asks reaches the client while the run waits, and the answer reaches the code."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from ground import LONG
from sandbox_server import Outcome, Server, Session, living, poll_until, whole

Asked = dict[str, Any]
FORGE = "import json, os, struct\ndef say(**frame):\n    b = json.dumps(frame).encode()\n"
FORGE += "    os.write(3, struct.pack('!I', len(b)) + b)\n"
ASKER = "[cell.cell_contents for cell in input.__closure__ if hasattr(cell.cell_contents, '_run')][0]"
RUN = f"{ASKER}._run"


def asking(server: Server, **headers: str) -> Session:
    """A session whose client answers questions."""
    client = server.client()

    def add(request: Any, **_: Any) -> None:
        for name, value in ({"x-sandbox-live-input": "true"} | headers).items():
            request.headers.add_header(name, value)

    client.meta.events.register("before-sign.bedrock-agentcore.InvokeCodeInterpreter", add)
    return Session.start(client)


@pytest.fixture
def asker(server: Server) -> Iterator[Session]:
    session = asking(server)
    yield session
    session.stop()


def question_of(event: dict[str, Any]) -> Asked | None:
    found = [b for b in event["result"]["content"] if b.get("name") in ("input-requested", "password-requested")]
    return found[0] if found else None


def next_question(stream: Iterator[dict[str, Any]]) -> Asked:
    return next(asked for event in stream if (asked := question_of(event)) is not None)


def answer(session: Session, asked: Asked, text: str | None) -> dict[str, Any]:
    block = {"path": asked["description"]} | ({} if text is None else {"text": text})
    return session.call("answerInput", content=[block])


def run(session: Session, code: str, *answers: str | None) -> tuple[list[Asked], Outcome, str]:
    """Run to the end, answering in turn: (what was asked, the end, all stdout)."""
    asked, events, left = [], [], list(answers)
    for event in session.invoke("executeCode", code=code, language="python"):
        events.append(event)
        if (question := question_of(event)) is not None:
            asked.append(question)
            answer(session, question, left.pop(0))
    outcome = Outcome(whole(events))
    return asked, outcome, outcome.stdout


def test_the_code_gets_what_was_answered(asker: Session) -> None:
    code = "import getpass\na = input('name? ')\nprint('hello', a)\nb = getpass.getpass()\nprint(len(b), input())"
    asked, outcome, printed = run(asker, code, "Ada Ünicode", "s3cret", "")
    assert [(one["name"], one["text"]) for one in asked] == [
        ("input-requested", "name? "),
        ("password-requested", "Password: "),
        ("input-requested", ""),
    ]
    assert (outcome.exit_code, printed) == (0, "hello Ada Ünicode\n6 \n")


def test_what_was_printed_before_comes_before_the_question(asker: Session) -> None:
    stream = iter(asker.invoke("executeCode", code="import os\nprint('first')\nos.write(1, b'second')\ninput()"))
    printed = ""
    for event in stream:
        if (asked := question_of(event)) is not None:
            break
        printed += event["result"]["structuredContent"]["stdout"]
    assert printed == "first\nsecond"
    answer(asker, asked, "x")
    list(stream)


def test_without_the_header_nobody_is_asked(live_session: Session) -> None:
    asked, outcome, _ = run(live_session, "getattr(input, 'asks_live', None), input('?')")
    assert (asked, outcome.exit_code) == ([], 1)
    assert "EOFError" in outcome.stderr


def test_a_command_has_nobody_to_ask(asker: Session) -> None:
    result = asker.call("executeCommand", command='read line; echo "<$line>"')
    assert result["structuredContent"]["stdout"] == "<>\n"


def test_the_first_answer_counts_and_a_stranger_s_none(asker: Session) -> None:
    stream = iter(asker.invoke("executeCode", code="print(input('?'), input('again? '))"))
    first = next_question(stream)
    with pytest.raises(ClientError, match="ConflictException"):
        answer(asker, {"description": "0123456789abcdef"}, "made up")
    answer(asker, first, "one")
    with pytest.raises(ClientError, match="ConflictException"):
        answer(asker, first, "two")
    answer(asker, next_question(stream), "three")
    assert whole(stream)["structuredContent"]["stdout"] == "one three\n"
    with pytest.raises(ClientError, match="ConflictException"):
        answer(asker, first, "after the end")


def test_an_answer_is_one_and_bounded(asker: Session) -> None:
    stream = iter(asker.invoke("executeCode", code="print(len(input()))"))
    asked = next_question(stream)
    for content in ([], [{"path": "a", "text": "b"}] * 2, [{"path": asked["description"], "text": "x" * 10_001}]):
        with pytest.raises(ClientError, match="ValidationException"):
            asker.call("answerInput", content=content)
    answer(asker, asked, "\U0001f40d" * 10_000)  # the longest in JSON
    assert whole(stream)["structuredContent"]["stdout"] == "10000\n"


def test_no_answer_is_an_error_that_the_code_can_catch(asker: Session) -> None:
    _, outcome, printed = run(asker, "try:\n    input('who? ')\nexcept EOFError as e:\n    print(e)", None)
    assert (outcome.exit_code, printed) == (0, "nobody answered 'who?'\n")


def test_waiting_is_no_run_time_but_has_a_bound_of_its_own(new_server: Callable[..., Server]) -> None:
    """Asked for longer than the run may take, it is the question that ends; and nobody there is asked again."""
    server = new_server(SANDBOX_INPUT_SECONDS="3")
    session = asking(server, **{"x-sandbox-timeout-seconds": "2"})
    code = (
        "said = []\nfor n in range(3):\n    try:\n        input(str(n))\n    except EOFError:\n        said.append(n)\n"
    )
    asked, printed = [], ""
    for event in session.invoke("executeCode", code=code + "print(said)"):
        printed += event["result"]["structuredContent"]["stdout"]
        asked += [question["text"]] if (question := question_of(event)) is not None else []
    assert (asked, printed) == (["0"], "[0, 1, 2]\n")
    # The clock goes on where it stood: what runs after an answer is still bounded.
    stream = iter(session.invoke("executeCode", code="import time\ninput()\ntime.sleep(1000)"))
    answer(session, next_question(stream), "go on")
    *_, last = stream
    assert Outcome(last["result"]).limit == "timeout"


def test_who_hangs_up_while_the_code_asks_interrupts_it(asker: Session) -> None:
    asker.out("kept = 1")
    stream = asker.invoke("executeCode", code="input('?')")
    asked = next_question(iter(stream))
    stream.close()
    assert asker.out("kept") == "1"
    with pytest.raises(ClientError, match="ConflictException"):
        answer(asker, asked, "too late")


def test_stopping_the_session_ends_the_question(server: Server) -> None:
    session = asking(server)
    stream = iter(session.invoke("executeCode", code="input('?')"))
    asked = next_question(stream)
    session.stop()
    *_, last = stream
    assert Outcome(last["result"]).limit == "session-ended"
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        answer(session, asked, "too late")


def test_an_answer_and_an_interrupt_at_once_leave_the_channel_whole(asker: Session) -> None:
    asker.out("kept = 1")
    for _ in range(20 if LONG else 8):
        stream = asker.invoke(
            "executeCode", code="try:\n    input('?')\nexcept KeyboardInterrupt:\n    input('again?')"
        )
        asked = next_question(iter(stream))
        late = threading.Thread(target=lambda asked=asked: _try_to_answer(asker, asked))
        late.start()
        stream.close()
        late.join()
        assert asker.out("kept") == "1"


NOT_TAKEN = f"""
import time
asking = {ASKER}
def interrupted():
    while not asking._is_there():
        time.sleep(0.001)
    raise KeyboardInterrupt
asking._next_frame = interrupted
try:
    input('?')
except KeyboardInterrupt:
    del asking._next_frame
kept = 1
"""
"""Asks, and is interrupted when the answer is there already."""


def test_an_answer_that_was_not_taken_is_none_to_the_next_question(asker: Session) -> None:
    _, _, printed = run(asker, NOT_TAKEN + "print(input('again? '))", "never taken", "taken")
    assert printed == "taken\n"


def test_an_answer_that_was_not_taken_does_not_disturb_the_next_run(asker: Session) -> None:
    assert run(asker, NOT_TAKEN, "never taken")[1].exit_code == 0
    assert run(asker, "print(kept, input('next? '))", "taken")[2] == "1 taken\n"


def _try_to_answer(session: Session, asked: Asked) -> None:
    try:
        answer(session, asked, "x" * 10_000)
    except ClientError as error:
        assert "ConflictException" in str(error)


def test_neither_threads_nor_children_ask(asker: Session) -> None:
    code = """
import os, threading
def ask(said):
    try: said.append(input('?'))
    except EOFError as e: said.append('nobody')
said = []
t = threading.Thread(target=ask, args=(said,)); t.start(); t.join()
reading, writing = os.pipe()
if os.fork() == 0:
    ask(said)
    os.write(writing, said[-1].encode())
    os._exit(0)
print(said, os.read(reading, 100))
"""
    asked, _, printed = run(asker, code)
    assert (asked, printed) == ([], "?['nobody'] b'nobody'\n")


def test_what_is_put_in_place_of_input_stays(asker: Session) -> None:
    assert run(asker, "import builtins\nbuiltins.input = lambda *_: 'mine'\nprint(input('?'))")[2] == "mine\n"
    assert run(asker, "print(input('?'))\nimport builtins\ntheirs = input", "asked")[2] == "asked\n"


def test_a_giant_prompt_is_printed_and_cut(asker: Session) -> None:
    [asked], outcome, printed = run(asker, "input('x' * 5_000_000 + '?')", "")
    assert (len(asked["text"]), asked["text"][-1], outcome.exit_code) == (1000, "?", 0)
    assert len(printed) < 100_000


@pytest.fixture(scope="module")
def neighbour(server: Server) -> Iterator[Session]:
    """A session that must notice nothing."""
    session = Session.start(server.client())
    yield session
    session.stop()


@pytest.mark.parametrize(
    "forged",
    [
        "say(asks='another run', number=1, prompt='?', password=False)",
        "say(asks=run, number=1, prompt='?' * 1001, password=False)",
        "say(asks=run, number=1, prompt='?', password=False, more=1)",
        "say(asks=run, number='1', prompt='?', password=False)",
        "say(asks=run, number=1, prompt=['?'], password=False)",
        "say(asks=run, number=1, prompt='?', password='no')",
        "say(asks=run, number=1, prompt='?', password=False); say(asks=run, number=2, prompt='?', password=False)",
    ],
)
def test_a_forged_question_ends_its_session_alone(server: Server, neighbour: Session, forged: str) -> None:
    session = asking(server, **{"x-sandbox-timeout-seconds": "30"})
    code = f"{FORGE}run = {RUN}\n{forged}\nwhile True: pass"
    *_, last = session.invoke("executeCode", code=code)
    assert Outcome(last["result"]).limit == "protocol-violation"
    assert neighbour.out("1 + 1") == "2"


def test_a_forged_question_of_the_right_form_is_only_a_question(asker: Session) -> None:
    code = f"{FORGE}run = {RUN}\nsay(asks=run, number=7, prompt='forged', password=False)\nprint(input())"
    stream = iter(asker.invoke("executeCode", code=code))
    with pytest.raises(StopIteration):  # the second one beside it ends the session
        while True:
            last = next(stream)
    assert Outcome(last["result"]).limit == "protocol-violation"


def test_nothing_is_left_of_a_session_that_asked(server: Server) -> None:
    before = len(living(server))
    session = asking(server)
    next_question(iter(session.invoke("executeCode", code="input()")))
    session.stop()
    settled = max(before, 1 + 2 * 2)  # the zygote, and the two processes of each session that waits ready
    poll_until(lambda: len(living(server)) <= settled)
