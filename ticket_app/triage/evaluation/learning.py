"""Measures the accuracy and the cost of learning.

`python -m ticket_app.triage.evaluation.learning TEXTS.csv` prints the tables.
The file has the columns `text` and `category`, with the desk's own categories.
"""

import argparse
import csv
import gc
import random
import resource
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import mean, median, quantiles
from time import perf_counter, process_time
from typing import NamedTuple

from ticket_app.errors import TicketAppError
from ticket_app.triage.evaluation.labelled import LabelledFileError
from ticket_app.triage.learning.comparison import Trial, compare
from ticket_app.triage.learning.examples import Example
from ticket_app.triage.learning.training import Lesson, learn
from ticket_app.triage.offline import triage_offline
from ticket_app.triage.reading import read_text
from ticket_app.triage.weights import Weighed, shipped_weights

CHARACTERS, LONG_CHARACTERS = 300, 400
WORDS_MADE_UP = 40_000


def main() -> int:
    """Print the tables. Returns 2 if the file is missing or wrong."""
    arguments = _arguments()
    try:
        examples = _examples(Path(arguments.texts))
        if arguments.tickets:
            tables = _cost_table(examples, arguments.tickets)
        else:
            tables = _accuracy_tables(examples, arguments.learned, arguments.seeds)
        sys.stdout.write(f"{tables}\n")
    except TicketAppError as error:
        sys.stderr.write(f"{error.detail}\n")
        return 2
    return 0


def _accuracy_tables(examples: Sequence[Example], learned: int, seeds: int) -> str:
    """Returns accuracy and calibration on the texts not learned from, for each seed."""
    runs = [_run(examples, learned, seed) for seed in range(seeds)]
    whole = compare("category", [trial for run in runs for trial in run.trials], learned)
    head = ["seed", "rules", "learned", "ECE", "p, held out", "beats", "seconds", "KiB"]
    rows = [_row(str(seed), run, learned) for seed, run in enumerate(runs)]
    bins = [
        [f"{part.confidence:.2f}", f"{part.right:.2f}", f"{part.count:,}"]
        for part in whole.reliability
    ]
    return (
        f"Learned from {learned:,} texts, measured on the others: "
        f"{whole.model_accuracy:.4f} (rules {whole.rules_accuracy:.4f})\n\n{_table(head, rows)}\n\n"
        f"{_table(['confidence', 'right', 'texts'], bins)}\n\n{_speed(runs[0].lesson, examples)}"
    )


class _Run(NamedTuple):
    lesson: Lesson
    trials: list[Trial]
    seconds: float


def _run(examples: Sequence[Example], learned: int, seed: int) -> _Run:
    taken, rest = _stratified_sample(examples, learned, seed)
    started = perf_counter()
    lesson = learn("category", taken, _rules)
    seconds = perf_counter() - started
    known = {example.text for example in taken}
    return _Run(lesson, [_trial(lesson, it) for it in rest if it.text not in known], seconds)


def _row(name: str, run: _Run, learned: int) -> list[str]:
    held_out = run.lesson.comparison
    rest = compare("category", run.trials, learned)
    return [
        name,
        f"{rest.rules_accuracy:.4f}",
        f"{rest.model_accuracy:.4f}",
        f"{rest.calibration_error:.4f}",
        f"{held_out.p_value:.1e}",
        "yes" if held_out.beats else "no",
        f"{run.seconds:.1f}",
        f"{len(run.lesson.model.to_bytes()) / 1024:,.0f}",
    ]


def _speed(lesson: Lesson, examples: Sequence[Example]) -> str:
    """Returns the time of a prediction for texts of three lengths, already split into words."""
    # Frozen objects are outside the collections that a prediction triggers.
    gc.collect()
    gc.freeze()
    rows = []
    for characters, times in ((CHARACTERS, 1_000), (2_000, 200), (20_000, 50)):
        taken = []
        for text in _texts_of_length([example.text for example in examples], characters, times):
            seen = Weighed(read_text(text), shipped_weights())
            started = perf_counter()
            lesson.model.find(seen)
            taken.append((perf_counter() - started) * 1_000)
        p95 = quantiles(taken, n=20)[-1]
        rows.append([f"{characters:,}", f"{median(taken):.3f}", f"{p95:.3f}"])
    return _table(["characters", "p50 ms", "p95 ms"], rows)


def _cost_table(examples: Sequence[Example], tickets: int) -> str:
    """Returns seconds and memory of learning from this many tickets of some 400 characters."""
    made = synthetic_examples(examples, tickets)
    length = mean(len(example.text) for example in made)
    before = _peak_mib()
    started, worked = perf_counter(), process_time()
    lesson = learn("category", made, _rules)
    seconds, worked = perf_counter() - started, process_time() - worked
    comparison = lesson.comparison
    row = [
        f"{tickets:,}",
        f"{length:.0f}",
        f"{seconds:.1f}",
        f"{worked:.1f}",
        f"{before:,.0f}",
        f"{_peak_mib():,.0f}",
        f"{len(lesson.model.to_bytes()) / 2**20:.2f}",
        f"{comparison.rules_accuracy:.3f}",
        f"{comparison.model_accuracy:.3f}",
        f"{comparison.calibration_error:.4f}",
    ]
    head = ["tickets", "characters", "seconds", "CPU s", "MiB before", "MiB peak", "model MiB"]
    speed = _speed(lesson, made[:2_000])
    return f"{_table([*head, 'rules', 'learned', 'ECE'], [row])}\n\n{speed}"


def synthetic_examples(examples: Sequence[Example], tickets: int) -> list[Example]:
    """Returns tickets made of these texts, other values' texts, and fillers without meaning."""
    rng = random.Random(1)  # noqa: S311  # figures, not secrets
    letters = "aeioubcdfglmnprst"
    words = ["".join(rng.choices(letters, k=rng.randint(4, 9))) for _ in range(WORDS_MADE_UP)]
    # As in natural language (Zipf's law), the second word is half as common as the first.
    weights = [1 / (rank + 1) for rank in range(len(words))]
    fillers = [" ".join(rng.choices(words, weights, k=10)) + "." for _ in range(tickets * 2)]
    of_value: dict[str, list[str]] = {}
    for example in examples:
        of_value.setdefault(example.value, []).append(example.text)
    made = []
    for _ in range(tickets):
        value = rng.choice(examples).value
        parts: list[str] = []
        while sum(map(len, parts)) < LONG_CHARACTERS - 40:
            source = rng.choices([of_value[value], fillers], (0.45, 0.55))[0]
            parts.append(rng.choice(source))
            if rng.random() < 0.2:
                parts.append(rng.choice(examples).text)
        made.append(Example(" ".join(parts), value))
    return made


def _texts_of_length(texts: Sequence[str], characters: int, count: int) -> list[str]:
    rng = random.Random(2)  # noqa: S311
    made = []
    for _ in range(count):
        parts: list[str] = []
        while sum(map(len, parts)) + len(parts) < characters:
            parts.append(rng.choice(texts))
        made.append(" ".join(parts)[:characters])
    return made


def _stratified_sample(
    examples: Sequence[Example], count: int, seed: int
) -> tuple[list[Example], list[Example]]:
    """Returns a sample of this size with each value's share (stratified), and the rest."""
    shuffled = random.Random(seed).sample(examples, len(examples))  # noqa: S311
    shuffled.sort(key=lambda example: example.value)
    chosen = {place * len(shuffled) // count for place in range(count)}
    taken = [example for place, example in enumerate(shuffled) if place in chosen]
    return taken, [example for place, example in enumerate(shuffled) if place not in chosen]


def _trial(lesson: Lesson, example: Example) -> Trial:
    return Trial(example.value, _rules(example.text), lesson.model.predict(example.text))


def _rules(text: str) -> str:
    return triage_offline(text).category.value


def _examples(path: Path) -> list[Example]:
    if not path.is_file():
        raise LabelledFileError(
            f"There is no file {path}; name one with the columns text and category."
        )
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        if not {"text", "category"} <= set(rows.fieldnames or ()):
            raise LabelledFileError(f"{path} lacks the column text or category.")
        return [Example(row["text"], row["category"]) for row in rows]


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, *rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True))
        for line in lines
    )


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m ticket_app.triage.evaluation.learning", description=__doc__
    )
    parser.add_argument("texts", help="a CSV file")
    parser.add_argument("--learned", type=int, default=1_000, help="(default: %(default)s)")
    parser.add_argument("--seeds", type=int, default=5, help="(default: %(default)s)")
    parser.add_argument("--tickets", type=int, help="measure time and memory with so many instead")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
