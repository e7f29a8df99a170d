"""The simulation's store answers as a real Redis does, command for command."""

from hashlib import sha1
from pathlib import Path
from random import Random
from typing import Any

from tests.labs.simulation.shell import Shell
from tests.support.redis_server import RedisServer

ANY_CALL = "return redis.call(unpack(ARGV))"
JSON = "return cjson.encode({'ok', 1, {}, {'a', {2}}, cjson.decode('[\"x\",[3]]')[2][1]})"

COMMANDS = """
    SET s 1 NX; SET s 2 NX; GET s; SET d 1 EX 100; GET nothing; EXISTS s; EXISTS nothing;
    HSET h a 1 b 2; HSET h a 3; HGET h a; HGET h z; HMGET h a z b; HMGET none a; HKEYS h;
    HGETALL h; HSETNX h a 9; HSETNX h c 4; HINCRBY h a 5; HINCRBY new n 1; HLEN h; HLEN none;
    HDEL h a z; HDEL h b c; EXISTS h; HKEYS h; PEXPIRE new 100000; PEXPIRE none 5; SADD t x y;
    SADD t x; SISMEMBER t x; SISMEMBER t z; SISMEMBER none z; SCARD t; SREM t x z; SMEMBERS t;
    SPOP t 5; EXISTS t; SPOP t 5; SCARD t; ZADD z 0 b;
    ZADD z 0 a; ZADD z 0 ab; ZADD z NX 5 a; ZADD z NX 0 c; ZADD z 1700000000123 d; ZCARD z;
    ZSCORE z d; ZSCORE z a; ZSCORE z none; ZREM z c none; ZCARD none; ZRANGE z 0 -1;
    ZRANGE none 0 -1; ZRANGEBYSCORE z 6 +inf LIMIT 0 9;
    ZRANGEBYSCORE z -inf 5 LIMIT 0 2; ZRANGEBYSCORE z -inf 1700000000123 WITHSCORES LIMIT 0 9;
    ZRANGEBYSCORE z -inf 1700000000122 LIMIT 0 9; ZCOUNT z -inf 5; ZCOUNT z 1 +inf;
    ZCOUNT none -inf +inf; ZREM z d; ZRANGEBYLEX z - + LIMIT 0 2;
    ZRANGEBYLEX z (a + LIMIT 0 9; ZRANGEBYLEX none - + LIMIT 0 9; XADD x 1-0 h one b 1;
    XADD x 2-0 h two b 2; XADD x 2-0 h two b 2; XADD x 5-0 h five b 5; XADD x 6-0 h six b 6;
    XRANGE x 2-0 2-0; XRANGE x 3-0 3-0; XRANGE x -3-0 -3-0; XRANGE x 2-0 +; XRANGE x - + COUNT 2;
    XRANGE x 3-0 + COUNT 1; XREVRANGE x + - COUNT 2; XREVRANGE x 5-0 - COUNT 9; XREVRANGE x 0-0 -;
    XRANGE none - +; XRANGE x 7-0 + COUNT 1; XTRIM x MAXLEN 2; XTRIM x MAXLEN 2; XRANGE x - +;
    DEL x none s; EXISTS x;
    SPUBLISH c m; XADD y 1-0 h one b 1; XLEN y; XLEN none; SADD one x; SSCAN one 0 COUNT 5;
    SSCAN none 0 COUNT 5; HSET scanned a 1 b 2; HSCAN scanned 0 COUNT 5; HSCAN none 0 COUNT 5;
    SET p 1 PX 100000; EXISTS p h nothing p; HSET i a 1; HEXISTS i a; HEXISTS i z; HEXISTS none a;
    ZRANGEBYLEX z [a (b LIMIT 0 9; ZRANGEBYLEX z [a (ab LIMIT 0 1; ZRANGEBYLEX z (a (a LIMIT 0 9;
    ZADD old 1 a; ZADD old 2 b 3 c; ZADD old 3 c 4 d; ZREMRANGEBYSCORE old -inf 2; ZRANGE old 0 -1;
    ZREMRANGEBYSCORE old -inf 5; EXISTS old; ZREMRANGEBYSCORE none -inf 5;
"""


async def test_each_command_is_answered_as_by_redis(tmp_path: Path) -> None:
    shell = Shell(
        lambda: 1000.0, Random(0), lambda channel, message: None, lambda name, fields: None
    )
    server = RedisServer(tmp_path)
    await server.start()
    try:
        async with server.client() as client:
            for command in COMMANDS.replace("\n", ";").split(";"):
                if args := command.split():
                    real = await _answer(client, args)
                    assert (args, _ours(shell, ANY_CALL, args)) == (args, real)
            assert _ours(shell, JSON, []) == await client.eval(JSON, 0)
    finally:
        await server.kill()


async def _answer(client: Any, args: list[str]) -> Any:
    try:
        return await client.eval(ANY_CALL, 0, *args)
    except Exception as error:
        return type(error)


def _ours(shell: Shell, source: str, args: list[str]) -> Any:
    shell.run("SCRIPT", "LOAD", source)
    reply = shell.run("EVALSHA", sha1(source.encode()).hexdigest(), 0, *args)
    return type(reply) if isinstance(reply, Exception) else reply


def test_a_key_is_gone_when_its_time_is_over() -> None:
    now = [1000.0]
    shell = Shell(
        lambda: now[0], Random(0), lambda channel, message: None, lambda name, fields: None
    )
    _ours(shell, ANY_CALL, ["SET", "a", "1", "EX", "10"])
    _ours(shell, ANY_CALL, ["SET", "d", "1", "PX", "4000"])
    _ours(shell, ANY_CALL, ["HSET", "b", "c", "1"])
    _ours(shell, ANY_CALL, ["PEXPIRE", "b", "5000"])
    now[0] += 5.0
    assert _ours(shell, ANY_CALL, ["HGET", "b", "c"]) is None
    assert _ours(shell, ANY_CALL, ["GET", "d"]) is None
    assert _ours(shell, ANY_CALL, ["GET", "a"]) == b"1"
    now[0] += 5.0
    assert _ours(shell, ANY_CALL, ["GET", "a"]) is None
