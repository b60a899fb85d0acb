"""What comes out of a session is bytes of any kind: made into text, bounded, and never believed."""

import pytest

from sandbox.confinement.root import outermost, temporary_folder
from sandbox.files.workspace import BadPath, relative
from sandbox.inside.channel import BadFrame, FrameReader, encode
from sandbox.sessions.output import Output


def test_a_character_cut_in_two_is_put_together() -> None:
    output = Output(1000, 2000)
    output.feed("stdout", "é".encode()[:1])
    output.feed("stdout", "é".encode()[1:])
    assert output.take() == [("stdout", "é")]


def test_bytes_that_are_no_text_become_escapes() -> None:
    output = Output(1000, 2000)
    output.feed("stdout", b"a\xff\xe2")
    output.finish()
    assert output.take() == [("stdout", "a\\xff\\xe2")]


def test_the_streams_keep_their_order() -> None:
    output = Output(1000, 2000)
    output.feed("stdout", b"1")
    output.feed("stderr", b"2")
    output.feed("stdout", b"3")
    output.feed("stdout", b"4")
    assert output.take() == [("stdout", "1"), ("stderr", "2"), ("stdout", "34")]


def test_long_output_is_cut_once_with_a_mark_and_a_flood_is_noticed() -> None:
    output = Output(1024, 4096)
    for _ in range(3):
        output.feed("stdout", b"x" * 1000)
    text = "".join(piece for _, piece in output.take())
    assert text == "x" * 1024 + "\n[output cut after 1 KB]\n"
    assert not output.flooded
    output.feed("stderr", b"y" * 2000)
    assert output.flooded and not output.waiting


def test_output_cut_at_the_end_of_a_piece_is_marked_too() -> None:
    output = Output(1024, 4096)
    output.feed("stdout", b"x" * 1024)
    output.feed("stdout", b"y")
    assert output.take()[0][1].endswith("x\n[output cut after 1 KB]\n")


def test_frames_arrive_in_any_pieces() -> None:
    reader = FrameReader()
    data = encode({"a": 1}) + encode({"b": 2})
    assert [frame for byte in data for frame in reader.feed(bytes([byte]))] == [{"a": 1}, {"b": 2}]


@pytest.mark.parametrize(
    "data",
    [b"\xff\xff\xff\xff", b"\0\0\0\x02[]", b"\0\0\0\x03abc", b"\0\0\x0f\xff" + b"[" * 4095],
    ids=["too long", "no object", "no JSON", "too deep"],
)
def test_what_is_no_frame_is_refused(data: bytes) -> None:
    with pytest.raises(BadFrame):
        FrameReader().feed(data)


@pytest.mark.parametrize("path", ["/etc/passwd", "../x", "a/../../x", "", ".", "a\0b", "a/.."])
def test_paths_that_lead_out_are_refused(path: str) -> None:
    with pytest.raises(BadPath):
        relative(path)


def test_paths_inside_are_made_plain() -> None:
    assert relative("./a//b/./c.txt") == "a/b/c.txt"


def test_a_tmpfs_is_never_put_over_the_interpreter() -> None:
    assert outermost(["/usr", "/usr/lib", "/tmp/venv", "/"]) == ["/usr", "/tmp/venv"]
    assert temporary_folder(["/usr"]) == "/tmp"
    assert temporary_folder(["/usr", "/tmp/venv"]) == "/var/tmp"
