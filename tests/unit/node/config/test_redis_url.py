"""Broker addresses are taken apart, and never show a password."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.config.redis_url import RedisUrl, hide, parse


def test_memory_is_the_embedded_broker() -> None:
    assert parse("memory://").is_memory
    assert not parse("redis://localhost").is_memory


@pytest.mark.parametrize(
    ("url", "host", "db"),
    [
        ("redis://localhost", ("localhost", 6379), 0),
        ("redis://localhost/", ("localhost", 6379), 0),
        ("redis://10.0.0.1:7000/3", ("10.0.0.1", 7000), 3),
        ("redis://[::1]:7000", ("::1", 7000), 0),
        ("rediss://redis.example", ("redis.example", 6379), 0),
        ("rediss://redis.example/1?ssl_ca_certs=/ca.pem", ("redis.example", 6379), 1),
    ],
)
def test_a_single_redis_has_a_host_a_port_and_a_db(
    url: str, host: tuple[str, int], db: int
) -> None:
    found = parse(url)
    assert (found.url, found.hosts, found.db) == (url, (host,), db)
    assert found.scheme == url.partition(":")[0]


def test_sentinels_have_several_hosts_and_a_name() -> None:
    assert parse("redis+sentinel://u:p%40ss@a:1,[::2]:2,c/chat/4") == RedisUrl(
        url="redis+sentinel://u:p%40ss@a:1,[::2]:2,c/chat/4",
        scheme="redis+sentinel",
        hosts=(("a", 1), ("::2", 2), ("c", 26379)),
        service="chat",
        db=4,
        username="u",
        password="p@ss",
    )


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("redis+cluster://a:1,[::2]:2,c", "redis://h:9"),
        ("redis+cluster://u:p%40ss@a", "redis://u:p%40ss@h:9"),
        ("rediss+cluster://:p@a?ssl_ca_certs=/ca.pem", "rediss://:p@h:9?ssl_ca_certs=/ca.pem"),
        ("rediss+cluster://a?ssl_ca_certs=/a@b?.pem", "rediss://h:9?ssl_ca_certs=/a@b?.pem"),
    ],
)
def test_each_server_of_a_cluster_has_the_url_with_the_same_user_and_options(
    url: str, server: str
) -> None:
    found = parse(url)
    assert found.is_cluster and found.hosts[0] == ("a", 1 if ":1" in url else 6379)
    assert found.server("h", 9) == server
    assert found.server("::1", 9) == server.replace("h:9", "[::1]:9")
    one = parse(server)
    assert (one.username, one.password, one.is_cluster) == (found.username, found.password, False)


def test_a_user_and_a_password_may_each_be_absent() -> None:
    only_password = parse("redis://:secret@h")
    assert (only_password.username, only_password.password) == (None, "secret")
    only_user = parse("redis://u@h")
    assert (only_user.username, only_user.password) == ("u", None)
    assert parse("redis://u:a:b@h").password == "a:b"


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("", "scheme"),
        ("localhost:6379", "scheme"),
        ("redis:/localhost", "scheme"),
        ("http://localhost", "scheme"),
        ("REDIS://localhost", "scheme"),
        ("memory://x", "scheme"),
        ("redis://", "host"),
        ("redis://:6379", "host"),
        ("redis://h:", "port"),
        ("redis://h:x", "port"),
        ("redis://h:0", "port"),
        ("redis://h:65536", "port"),
        ("redis://a:1,b:2", "several hosts"),
        ("redis://[::g]", "IPv6"),
        ("redis://[::1", "host"),
        ("redis://h/x", "DB"),
        ("redis://h/-1", "DB"),
        ("redis://h/1/2", "DB"),
        ("redis://h?db=1", "options"),
        ("rediss://h?password=x", "options"),
        ("redis://u:pa@ss@h", "%XX"),
        ("redis://u:p#s@h", "%XX"),
        ("redis://h h", "spaces"),
        ("redis://h\n/0", "spaces"),
        ("redis+cluster://a:1,", "host"),
        ("redis+cluster://a:1/0", "no DB"),
        ("redis+cluster://a:1?ssl_cert_reqs=none", "options"),
        ("rediss+cluster://a:1?db=1", "options"),
        ("redis+sentinel://a:1,b:2", "NAME"),
        ("redis+sentinel://a:1,,b:2/chat", "host"),
        ("redis+sentinel://a:1/chat?x", "options"),
        ("redis+sentinel://a:1/chat/x", "DB"),
    ],
)
def test_an_invalid_url_is_refused_with_a_reason(url: str, why: str) -> None:
    with pytest.raises(ValueError, match=why.replace("?", r"\?")):
        parse(url)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("redis://h:1/2", "redis://h:1/2"),
        ("memory://", "memory://"),
        ("redis://[::1]:1", "redis://[::1]:1"),
        ("redis+sentinel://u:s@a:1,b:2/chat", "redis+sentinel://***@a:1,b:2/chat"),
        ("rediss://h?ssl_keyfile=s", "rediss://h?***"),
        ("redis:/u:s@h", "***@h"),
        ("redis://h:s", "redis://***"),
        ("redis://u:1?s@h", "redis://***@h"),
    ],
)
def test_an_address_is_shown_without_what_may_be_secret(text: str, shown: str) -> None:
    assert hide(text) == shown


@given(
    st.sampled_from(["redis://", "rediss+cluster://", "redis+sentinel://", "redis:", ""]),
    st.text(st.sampled_from("ux:@/?#,[]% "), max_size=6),
    st.sampled_from(["@h", "@h:1", "@h/0", "@a,b/chat", "@h@g", "@"]),
)
def test_no_password_is_ever_shown(begin: str, noise: str, end: str) -> None:
    text = f"{begin}u{noise}:geheim{noise}{end}"
    assert "geheim" not in hide(text)
    try:
        found = parse(text)
    except ValueError as error:
        assert "geheim" not in str(error)
    else:
        assert "geheim" not in f"{found} {found!r}"
