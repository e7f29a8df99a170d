"""Bytes in, whole lines out; a line over the limit ends the stream, however it was cut."""

from hypothesis import given
from hypothesis import strategies as st

from wire.errors import Code, WireError
from wire.lines import LineReader

LIMIT = 20


def read(chunks: list[bytes], limit: int = LIMIT) -> tuple[list[bytes], WireError | None]:
    """Feed chunks until the stream ends."""
    reader = LineReader(limit)
    lines: list[bytes] = []
    for chunk in chunks:
        more, error = reader.feed(chunk)
        lines += more
        if error:
            return lines, error
    return lines, None


def cut(stream: bytes, places: list[int]) -> list[bytes]:
    """Return the stream in pieces."""
    edges = sorted({place % (len(stream) + 1) for place in places} | {0, len(stream)})
    return [stream[a:b] for a, b in zip(edges, edges[1:], strict=False)]


streams = st.lists(st.binary(max_size=LIMIT + 3) | st.sampled_from([b"\n", b"\r\n", b"\r"])).map(
    b"".join
)
cuts = st.lists(st.integers(0, 10_000))


@given(streams, cuts)
def test_lines_do_not_depend_on_where_the_stream_is_cut(stream: bytes, places: list[int]) -> None:
    whole, whole_error = read([stream])
    pieces, pieces_error = read(cut(stream, places))
    assert pieces == whole
    assert (pieces_error is None) == (whole_error is None)


@given(st.lists(st.binary(max_size=LIMIT).filter(lambda line: b"\n" not in line)), cuts)
def test_lines_come_out_as_they_went_in(lines: list[bytes], places: list[int]) -> None:
    lines = [line.removesuffix(b"\r") for line in lines]
    lines = [line for line in lines if not line.endswith(b"\r")]
    for end in (b"\n", b"\r\n"):
        stream = b"".join(line + end for line in lines)
        assert read(cut(stream, places)) == (lines, None)


@given(streams, cuts)
def test_at_most_one_unfinished_line_is_kept(stream: bytes, places: list[int]) -> None:
    reader = LineReader(LIMIT)
    for chunk in cut(stream, places):
        lines, error = reader.feed(chunk)
        assert all(len(line) <= LIMIT for line in lines)
        if error:
            assert error.code is Code.LINE_TOO_LONG and error.fatal
            break
        assert reader.pending <= LIMIT + 1


def test_the_limit_is_exact_with_either_end() -> None:
    for end in (b"\n", b"\r\n"):
        for size in (LIMIT - 1, LIMIT):
            assert read([b"x" * size + end]) == ([b"x" * size], None)
        lines, error = read([b"ok\n" + b"x" * (LIMIT + 1) + end + b"never\n"])
        assert lines == [b"ok"] and error is not None


def test_the_limit_is_exact_byte_by_byte() -> None:
    for end in (b"\n", b"\r\n"):
        stream = b"x" * LIMIT + end
        assert read([bytes([byte]) for byte in stream]) == ([b"x" * LIMIT], None)
        _, error = read([bytes([byte]) for byte in b"x" + stream])
        assert error is not None


def test_a_line_without_end_is_refused_as_soon_as_it_is_too_long() -> None:
    reader = LineReader(LIMIT)
    assert reader.feed(b"x" * LIMIT) == ([], None)
    assert reader.feed(b"\r") == ([], None)
    _, error = reader.feed(b"\r")
    assert error is not None


def test_lines_before_one_that_is_too_long_still_count() -> None:
    lines, error = read([b"a\nb\n" + b"x" * 100])
    assert lines == [b"a", b"b"] and error is not None


def test_empty_lines_are_lines() -> None:
    assert read([b"\n\r\n\n"]) == ([b"", b"", b""], None)


def test_a_million_single_bytes_are_read_in_linear_time() -> None:
    reader = LineReader(1_000_000)
    for _ in range(300_000):
        assert reader.feed(b"x") == ([], None)
    lines, error = reader.feed(b"\n")
    assert len(lines[0]) == 300_000 and error is None
