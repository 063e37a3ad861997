"""`triage learn`: trains a model on people's decisions, and compares it with the rules."""

import argparse
import signal
from collections.abc import Iterator

from ticket_app.actor import by_command
from ticket_app.cli.say import say
from ticket_app.data.migrations import migrate
from ticket_app.services.triage.learning import (
    FIELDS,
    LessonPublic,
    NotEnoughDecisionsError,
    fields_due,
    learn_from_decisions,
)

SECONDS_MAX = 660
"""Less than the lease on learning, and more than the server's own limit, which it logs."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the option to learn only if there are enough new decisions."""
    parser.add_argument(
        "--due",
        action="store_true",
        help="only the fields for which people have decided enough since the last lesson",
    )


def run(arguments: argparse.Namespace) -> int:
    """Learn each field and print its comparison. LearningBusyError if another process learns."""
    # The alarm ends this process even if its server is gone. Learning is mostly C code, which no
    # Python signal handler interrupts.
    signal.alarm(SECONDS_MAX)
    try:
        migrate()
        actor = by_command()
        for field in fields_due(actor) if arguments.due else FIELDS:
            try:
                lesson = learn_from_decisions(actor, field)
            except NotEnoughDecisionsError as error:
                say(error.detail)
            else:
                for line in _lines(lesson):
                    say(line)
    finally:
        signal.alarm(0)
    return 0


def _lines(lesson: LessonPublic) -> Iterator[str]:
    state = "in use from now on" if lesson.in_use else "not in use: the rules stay"
    yield f"{lesson.field}: {lesson.n_decided:,} tickets decided by people; {state}"
    yield f"  of {lesson.n_held_out:,} held-out tickets    right    mean error"
    yield _row("rules", lesson.rules_accuracy, lesson.rules_error)
    yield _row("learned", lesson.learned_accuracy, lesson.learned_error)
    yield (
        f"  nearer to people: {lesson.learned_nearer:,} times learned, "
        f"{lesson.rules_nearer:,} times the rules (p = {lesson.p_value:.2g})"
    )
    yield f"  confidence is off by {lesson.calibration_error:.3f} on average"


def _row(name: str, accuracy: float, error: float) -> str:
    return f"  {name:<28} {accuracy:>5.3f} {error:>13.3f}"
