"""PROXY protocol headers are taken off whole, however the bytes are cut; others pass untouched."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.net.proxy_protocol import BadProxyHeader, Preamble, ProxyReader

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
HELLO = b'{"type":"hello"}\n'

ports = st.integers(0, 65535)
v4 = st.ip_addresses(v=4)
v6 = st.ip_addresses(v=6)


def v2(command: int, family: int, body: bytes, length: int | None = None) -> bytes:
    size = len(body) if length is None else length
    return SIGNATURE + struct.pack("!BBH", command, family, size) + body


def v4_body(source: bytes = b"\x0a\0\0\7", port: int = 5000) -> bytes:
    return source + b"\x0a\0\0\1" + struct.pack("!HH", port, 9999)


def read(data: bytes, cuts: list[int] | None = None) -> Preamble | None:
    """Feed ``data`` cut at ``cuts``; whatever comes after the answer is added to its rest."""
    reader = ProxyReader()
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts or []), len(data)]
    found: Preamble | None = None
    for start, end in zip(edges, edges[1:], strict=False):
        piece = data[start:end]
        if found is None:
            found = reader.feed(piece)
        else:
            found = Preamble(found.source, found.rest + piece)
    return found


KNOWN = [
    (b"PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n", ("192.168.0.1", 56324)),
    (b"PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", ("255.255.255.255", 65535)),
    (b"PROXY TCP6 2001:DB8::1 ::1 0 1\r\n", ("2001:db8::1", 0)),
    (b"PROXY UNKNOWN\r\n", None),
    (b"PROXY UNKNOWN " + b"f" * 91 + b"\r\n", None),
    (v2(0x21, 0x11, v4_body()), ("10.0.0.7", 5000)),
    (v2(0x21, 0x11, v4_body() + b"\x04\0\2xx"), ("10.0.0.7", 5000)),
    (v2(0x21, 0x21, bytes(15) + b"\1" + bytes(16) + b"\0\x50\0\x51"), ("::1", 80)),
    (v2(0x20, 0x00, b""), None),
    (v2(0x20, 0x11, v4_body()), None),
    (v2(0x21, 0x00, b"anything"), None),
    (v2(0x21, 0x12, v4_body()), None),
    (v2(0x21, 0x31, bytes(216)), None),
    (v2(0x20, 0x00, bytes(2048)), None),
]

BROKEN = [
    b"PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\n",
    b"PROXY \r\n",
    b"PROXY TCP4\r\n",
    b"PROXY TCP5 1.2.3.4 1.2.3.4 1 2\r\n",
    b"PROXY TCP4 1.2.3.4 1.2.3.4 1 2 3\r\n",
    b"PROXY  TCP4 1.2.3.4 1.2.3.4 1 2\r\n",
    b"PROXY TCP4 01.2.3.4 1.2.3.4 1 2\r\n",
    b"PROXY TCP4 ::1 ::1 1 2\r\n",
    b"PROXY TCP4 1.2.3.4 elsewhere 1 2\r\n",
    b"PROXY TCP6 1.2.3.4 1.2.3.4 1 2\r\n",
    b"PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n",
    b"PROXY TCP6 \xff ::1 1 2\r\n",
    b"PROXY TCP4 1.2.3.4 1.2.3.4 65536 2\r\n",
    b"PROXY TCP4 1.2.3.4 1.2.3.4 01 2\r\n",
    b"PROXY TCP4 1.2.3.4 1.2.3.4 1 -2\r\n",
    b"PROXY TCP4 1.2.3.4 1.2.3.4 1 \r\n",
    b"PROXY UNKNOWN " + b"f" * 92 + b"\r\n",
    b"PROXY " + b"x" * 101,
    v2(0x11, 0x11, v4_body()),
    v2(0x22, 0x11, v4_body()),
    v2(0x21, 0x41, v4_body()),
    v2(0x21, 0x13, v4_body()),
    v2(0x21, 0x11, v4_body()[:-1]),
    v2(0x21, 0x21, v4_body()),
    v2(0x21, 0x11, v4_body(), length=2049),
]


@pytest.mark.parametrize(("header", "source"), KNOWN)
def test_a_header_gives_the_source_and_leaves_the_rest(
    header: bytes, source: tuple[str, int] | None
) -> None:
    assert read(header + HELLO) == Preamble(source, HELLO)
    assert read(header) == Preamble(source, b"")


@pytest.mark.parametrize(("header", "_source"), KNOWN)
def test_a_part_of_a_header_is_waited_for(header: bytes, _source: object) -> None:
    reader = ProxyReader()
    for index in range(len(header) - 1):
        assert reader.feed(header[index : index + 1]) is None
    assert reader.feed(header[-1:]) is not None


@pytest.mark.parametrize("header", BROKEN)
def test_a_broken_header_is_refused(header: bytes) -> None:
    with pytest.raises(BadProxyHeader):
        read(header)
    with pytest.raises(BadProxyHeader):
        read(header + HELLO, list(range(len(header) + len(HELLO))))


@pytest.mark.parametrize(
    "data",
    [
        HELLO,
        b"\x16\x03\x01\x02\x00",
        b"GET / HTTP/1.1\r\n",
        b"PROXZ",
        b"PROXY\tTCP4",
        b"\n",
        b"\r\n\r\n{",
    ],
)
def test_a_direct_connection_is_passed_on_untouched(data: bytes) -> None:
    assert read(data) == Preamble(None, data)
    assert read(data, list(range(len(data)))) == Preamble(None, data)


@given(v4 | v6, v4 | v6, ports, ports, st.binary(max_size=50), st.lists(st.integers(0, 200)))
def test_every_version_1_line_is_read_however_it_is_cut(
    source: object, target: object, port: int, other: int, rest: bytes, cuts: list[int]
) -> None:
    family = "TCP6" if ":" in str(source) else "TCP4"
    if (":" in str(source)) != (":" in str(target)):
        target = source
    header = f"PROXY {family} {source} {target} {port} {other}\r\n".encode()
    assert read(header + rest, cuts) == Preamble((str(source), port), rest)


@given(v4 | v6, ports, st.binary(max_size=400), st.binary(max_size=50), st.lists(st.integers(0)))
def test_every_version_2_header_is_read_however_it_is_cut(
    source: object, port: int, extensions: bytes, rest: bytes, cuts: list[int]
) -> None:
    packed: bytes = source.packed  # type: ignore[attr-defined]
    family = 0x11 if len(packed) == 4 else 0x21
    body = packed * 2 + struct.pack("!HH", port, 9999) + extensions
    header = v2(0x21, family, body)
    assert read(header + rest, cuts) == Preamble((str(source), port), rest)


@given(
    st.sampled_from(
        [b"", b"P", b"PROXY ", b"PROXY TCP4 ", b"\r\n\r\n", SIGNATURE, v2(0x21, 0x11, b"")]
    )
    | st.sampled_from([header for header, _ in KNOWN]),
    st.binary(max_size=300),
    st.lists(st.integers(0)),
)
def test_random_bytes_end_in_an_answer_a_refusal_or_waiting_for_a_bounded_rest(
    begin: bytes, noise: bytes, cuts: list[int]
) -> None:
    try:
        found = read(begin + noise, cuts)
    except BadProxyHeader:
        return
    if found is None:
        assert len(begin + noise) < 16 + 2048
    else:
        assert (begin + noise).endswith(found.rest)
