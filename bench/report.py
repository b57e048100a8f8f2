"""What every bench returns, prints and writes: figures with their references, ratios and targets."""

import json
import os
import platform
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median


@dataclass(frozen=True)
class Figure:
    """One measured value (a median over rounds), what it is measured against, and whether the ratio is good enough.

    `at_least` targets are floors for the ratio, the others are ceilings. Without a target the value is only reported.
    """

    name: str
    value: float
    unit: str
    reference: float
    target: float | None
    at_least: bool = True
    rounds: list[float] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        return self.value / self.reference if self.reference else float("nan")

    @property
    def ok(self) -> bool:
        if self.target is None:
            return True
        return self.ratio >= self.target if self.at_least else self.ratio <= self.target


def figure(
    name: str,
    unit: str,
    rounds: list[float],
    references: list[float],
    target: float | None,
    *,
    at_least: bool = True,
) -> Figure:
    """Make a figure whose ratio is the median of the rounds' own ratios, so that drift between rounds cancels."""
    ratios = [value / reference for value, reference in zip(rounds, references, strict=True)]
    reference = median(references)
    return Figure(name, median(ratios) * reference, unit, reference, target, at_least, rounds)


def table(figures: list[Figure]) -> str:
    """Return the figures as lines of text for a terminal."""
    lines = [f"{'figure':<68}{'value':>11}{'reference':>11}{'ratio':>7}{'target':>8}  "]
    for one in figures:
        target = "" if one.target is None else f"{'≥' if one.at_least else '≤'} {one.target:g}"
        verdict = "" if one.target is None else "ok" if one.ok else "MISSED"
        name = f"{one.name} ({one.unit})"
        lines.append(
            f"{name:<68}{one.value:>11,.2f}{one.reference:>11,.2f}{one.ratio:>7.2f}{target:>8}  {verdict}"
        )
    return "\n".join(lines)


def write(path: Path, figures: list[Figure], *, rounds: int) -> None:
    """Write the figures as JSON, with the machine they were taken on."""
    body = {
        "machine": {
            "cores": os.cpu_count(),
            "processor": platform.machine(),
            "python": platform.python_version(),
        },
        "rounds": rounds,
        "figures": [
            {
                "name": one.name,
                "value": round(one.value, 3),
                "unit": one.unit,
                "reference": round(one.reference, 3),
                "ratio": round(one.ratio, 3),
                "target": one.target,
                "ok": one.ok,
                "rounds": [round(value, 3) for value in one.rounds],
            }
            for one in figures
        ],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(body, indent=2) + "\n")
