"""Plots as SVG, readable on light and on dark ground."""

from collections.abc import Callable, Sequence
from html import escape
from math import ceil, floor, log10

from bench.figures import fit

WIDTH = 720
LEFT, RIGHT, TOP, BOTTOM = 190, 90, 44, 50

_STYLE = """<style>
text { font: 13px system-ui, sans-serif; fill: #24292f }
.title { font-weight: 600; font-size: 15px } .faint { fill: #57606a }
.grid { stroke: #8c959f; stroke-opacity: .35 } .line { stroke-width: 2 }
.fit { stroke-dasharray: 5 4; stroke-width: 1.5 }
.a { fill: #0969da; stroke: #0969da } .b { fill: #bc4c00; stroke: #bc4c00 } .c { fill: #8c959f }
.line, .fit { fill: none } .key { stroke: none }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .faint { fill: #9198a1 }
.a { fill: #58a6ff; stroke: #58a6ff } .b { fill: #f0883e; stroke: #f0883e }
.line, .fit { fill: none } .key { stroke: none }
}
</style>"""

Points = Sequence[tuple[float, float]]
Place = Callable[[float, float], tuple[float, float]]


def short(value: float) -> str:
    """Return a number with three digits that count: 1.23 M, 45.6 k, 0.0789."""
    for factor, unit in ((1e6, " M"), (1e3, " k")):
        if value >= factor * 0.9995:
            return f"{value / factor:.3g}{unit}" if value < factor * 999.5 else f"{value:,.0f}"
    return f"{value:.3g}"


def bars(title: str, note: str, rows: Sequence[tuple[str, float]], ours: str) -> str:
    """Draw a bar for each row on a logarithmic scale, ours in another colour."""
    low = floor(log10(min(value for _, value in rows)) - 0.01)
    high = ceil(log10(max(value for _, value in rows)))
    scale = (WIDTH - LEFT - RIGHT) / (high - low)
    height = TOP + 28 * len(rows) + BOTTOM
    parts = [_text(16, 24, title, "title")]
    for power in range(low, high + 1):
        x = LEFT + (power - low) * scale
        parts.append(_line(x, TOP, x, height - BOTTOM))
        parts.append(_text(x, height - BOTTOM + 18, short(10.0**power), "faint", "middle"))
    for number, (name, value) in enumerate(rows):
        y, length = TOP + 28 * number + 4, (log10(value) - low) * scale
        colour = "a" if name == ours else "c"
        parts.append(_text(LEFT - 10, y + 15, name, "", "end"))
        parts.append(
            f'<rect class="bar {colour}" x="{LEFT}" y="{y}" width="{length:.1f}" height="20"/>'
        )
        parts.append(_text(LEFT + length + 6, y + 15, short(value)))
    parts.append(_text(LEFT, height - 10, note, "faint"))
    return _svg(height, parts)


def growth(title: str, axis: str, unit: str, lines: Sequence[tuple[str, Points]]) -> str:
    """Draw lines on logarithmic scales, each with the power law that comes nearest."""
    left, height = 80, 420
    xs = [x for _, points in lines for x, _ in points]
    ys = [y for _, points in lines for _, y in points]
    x_low, x_high = log10(min(xs)), max(log10(max(xs)), log10(min(xs)) + 0.1)
    y_low, y_high = floor(log10(min(ys))), max(ceil(log10(max(ys))), floor(log10(min(ys))) + 1)
    plot_width, plot_height = WIDTH - left - 30, height - TOP - BOTTOM

    def place(x: float, y: float) -> tuple[float, float]:
        return (
            left + (log10(x) - x_low) / (x_high - x_low) * plot_width,
            height - BOTTOM - (log10(y) - y_low) / (y_high - y_low) * plot_height,
        )

    parts = [_text(16, 24, title, "title")]
    for power in range(y_low, y_high + 1):
        y = place(min(xs), 10.0**power)[1]
        parts.append(_line(left, y, WIDTH - 30, y))
        parts.append(_text(left - 8, y + 4, short(10.0**power), "faint", "end"))
    for value in sorted(set(xs)):
        x = place(value, 10.0**y_low)[0]
        parts.append(_line(x, TOP, x, height - BOTTOM))
        parts.append(_text(x, height - BOTTOM + 18, short(value), "faint", "middle"))
    for number, (name, points) in enumerate(lines):
        parts += _curve(name, points, "ab"[number % 2], TOP + 20 + 20 * number, place)
    parts.append(_text(left, height - 10, f"{axis}; {unit}", "faint"))
    return _svg(height, parts)


def _curve(name: str, points: Points, colour: str, key_y: float, place: Place) -> list[str]:
    factor, exponent = fit(points)
    ends = [place(x, factor * x**exponent) for x in (points[0][0], points[-1][0])]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(*point) for point in points))
    (x1, y1), (x2, y2) = ends
    return [
        f'<line class="fit {colour}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>',
        f'<polyline class="line {colour}" points="{path}"/>',
        *(
            f'<circle class="dot {colour}" cx="{x:.1f}" cy="{y:.1f}" r="4"/>'
            for x, y in (place(*point) for point in points)
        ),
        _text(96, key_y, f"{name}: exponent {exponent:.2f}", f"key {colour}"),
    ]


def _text(x: float, y: float, text: str, kind: str = "", anchor: str = "start") -> str:
    return (
        f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'
    )


def _line(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line class="grid" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def _svg(height: float, parts: Sequence[str]) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" '
        f'width="{WIDTH}" height="{height:.0f}" role="img">'
    )
    return "\n".join([head, _STYLE, *parts, "</svg>"]) + "\n"
