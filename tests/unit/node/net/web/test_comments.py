"""Comments and indentation are left out; everything else stays as it was written."""

import pytest

from node.net.web import comments


@pytest.mark.parametrize(
    ("source", "served"),
    [
        ("/** A. */\nlet a; // b\n\n\n  let c;\n", "let a;\nlet c;\n"),
        ("a/**/in b", "a in b\n"),
        ("a /* line\nend */ b", "a\nb\n"),
        ("return // 1\n2", "return\n2\n"),
        ("a  =  b", "a = b\n"),
        ("// only", "\n"),
        ("", "\n"),
    ],
)
def test_a_gap_in_a_module_is_a_space_or_a_line_end(source: str, served: str) -> None:
    assert comments.javascript(source) == served


@pytest.mark.parametrize(
    "source",
    [
        '"http://a  /* b */"',
        "'it\\'s  // c'",
        '"\\\\"',
        "`a  // b\n\n   c`",
        "`\\`  ${a}  \\${  // `",
        "`${f({ a: `  ${b}  //` })}  /* c */`",
        "`${a}${b}  $ $$  // `",
        "a = /[/*]  \\/\\/ [\"'`]/gu",
        "f(/  a/)",
        "return /  a/",
        "[/'/, /\"/v]",
        "a => /  b/.test(a)",
        "`${/  }/}`",
        "`${a}` / `  //`",
    ],
)
def test_strings_templates_and_regular_expressions_stay(source: str) -> None:
    assert comments.javascript(source) == source + "\n"


@pytest.mark.parametrize(
    "value",
    ["a", "a1", "$", "_", "1.", "f()", "a[0]", "'s'", "`t`", "/r/", "/r/g", "é", "i++", "i--"],
)
def test_a_slash_after_a_value_divides(value: str) -> None:
    assert comments.javascript(f"{value} / 2 // '") == f"{value} / 2\n"


@pytest.mark.parametrize("source", ["a\n'b", '"a\n"', "`a ${b} c", "f(/a\n/)"])
def test_what_has_no_end_is_an_error(source: str) -> None:
    with pytest.raises(ValueError, match="^line [12]: .* has no end"):
        comments.javascript(source)


@pytest.mark.parametrize(
    ("source", "served"),
    [
        ("/* a */\n\n.b {\n    c: d; /* e */\n}\n", ".b {\nc: d;\n}\n"),
        (".a /* b */ .c", ".a .c\n"),
        (".a/* b  c */.d", ".a/**/.d\n"),
        ("a::before { content: '/*  */ \\'  \"' }", "a::before { content: '/*  */ \\'  \"' }\n"),
    ],
)
def test_a_style_sheet_has_no_comments_and_the_same_selectors(source: str, served: str) -> None:
    assert comments.css(source) == served
