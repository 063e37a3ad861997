"""`triage replay`: compares another engine's answers with the last tickets."""

import argparse
from collections.abc import Iterator

from ticket_app.actor import by_command
from ticket_app.cli.options import number
from ticket_app.cli.say import say
from ticket_app.cli.triage.candidate import add_options as add_candidate_options
from ticket_app.cli.triage.candidate import candidate_of
from ticket_app.cli.triage.columns import columns
from ticket_app.cli.triage.progress import with_progress
from ticket_app.data.migrations import migrate
from ticket_app.services.triage.ledger import flush
from ticket_app.services.triage.replay import REPLAY_MAX, Replay, Replayed, compare, last_tickets
from ticket_app.services.triage.report import Share
from ticket_app.vocabulary import CallPurpose

LAST = 100
SHOWN = 50
TITLE_CHARACTERS = 40


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options for the number of tickets, engine and output format."""
    parser.add_argument(
        "--last",
        type=number(1, REPLAY_MAX),
        default=LAST,
        help="how many tickets (default: %(default)s)",
    )
    add_candidate_options(parser)
    parser.add_argument("--json", action="store_true", help="the whole report, for a program")


def run(arguments: argparse.Namespace) -> int:
    """Print the differences. No ticket is changed."""
    actor = by_command()
    candidate = candidate_of(actor, arguments, CallPurpose.REPLAY)
    migrate()
    past = last_tickets(actor, arguments.last)
    answers = candidate.answers([(each.ticket.title, each.ticket.description) for each in past])
    try:
        replay = compare(
            [Replayed(*past[place], answer) for place, answer in with_progress(answers, len(past))]
        )
    finally:
        flush()
    if arguments.json:
        say(replay.model_dump_json(indent=2))
    else:
        for line in _lines(replay):
            say(line)
    return 0


def _lines(replay: Replay) -> Iterator[str]:
    latency = (
        ""
        if replay.latency_p50 is None or replay.latency_p95 is None
        else f"; latency p50 {replay.latency_p50:.1f} ms, p95 {replay.latency_p95:.1f} ms"
    )
    cost = "unknown" if replay.cost_usd is None else f"${replay.cost_usd:.4f}"
    tickets = "1 ticket" if replay.tickets == 1 else f"{replay.tickets:,} tickets"
    yield f"{tickets} again{latency}; cost {cost}"
    for failure, count in replay.unanswered.items():
        yield f"{count:,} without an answer: {failure.value}"
    if replay.fields:
        yield from columns(
            ("field", "tickets", "as it stands", "as people decided", "and the engine then"),
            [
                (
                    each.field,
                    f"{each.same.n:,}",
                    _in_words(each.same),
                    _in_words(each.people),
                    _in_words(each.people_then),
                )
                for each in replay.fields
            ],
        )
    yield from _differences(replay)


def _differences(replay: Replay) -> Iterator[str]:
    if not replay.differences:
        return
    yield from columns(
        ("ticket", "field", "now", "would be", "sure", "decided by", "title"),
        [
            (
                f"#{each.ticket_id}",
                each.field,
                each.now,
                each.would_be,
                "-" if each.confidence is None else f"{each.confidence:.0%}",
                "a person" if each.person else "triage",
                each.title[:TITLE_CHARACTERS],
            )
            for each in replay.differences[:SHOWN]
        ],
    )
    left = len(replay.differences) - SHOWN
    if left > 0:
        yield f"and {left:,} more; --json has them all"


def _in_words(share: Share | None) -> str:
    if share is None:
        return "-"
    return f"{share.rate:.0%} ({share.low:.0%}-{share.high:.0%}) of {share.n:,}"
