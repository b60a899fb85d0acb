"""The Procfile as the supervisor reads it."""

from pathlib import Path

import pytest

from embedded.errors import StartFailed
from embedded.procfile import parse, read

ROOT = Path(__file__).resolve().parents[3]


def test_reads_names_and_commands_in_their_order() -> None:
    found = parse("# the service\n\napi: python -m api\nworker-execute:  python -m workers --pool execute \n")
    assert [(process.name, process.words) for process in found] == [
        ("api", ("python", "-m", "api")),
        ("worker-execute", ("python", "-m", "workers", "--pool", "execute")),
    ]


def test_keeps_quoted_words_together() -> None:
    assert parse("""odd: python -c "print('a b')" """)[0].words == ("python", "-c", "print('a b')")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("api: python\njust words", "Line 2"),
        ("api: python\napi: python", "a second time"),
        ('api: python "open', "open quote"),
    ],
)
def test_names_the_line_that_is_wrong(text: str, said: str) -> None:
    with pytest.raises(StartFailed, match=said):
        parse(text)


def test_a_missing_procfile_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(StartFailed, match="can't be read"):
        read(tmp_path / "Procfile")


def test_the_projects_own_names_what_there_is_to_scale() -> None:
    assert {process.name for process in read(ROOT / "Procfile")} == {
        "api",
        "dispatcher",
        "worker-generate",
        "worker-execute",
        "worker-solve",
        "worker-plugins",
        "sandbox",
    }
