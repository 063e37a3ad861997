"""`triage learn` as a command: its output, and its time and memory for the largest desk."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fork_server import run_command
from tests.services.triage.decided import OWN_WORDS, count_lessons, decide, examples, raw, shuffled
from ticket_app.services.triage.decisions import EXAMPLES_MAX
from ticket_app.services.triage.learning import lessons
from ticket_app.settings import ROOT
from ticket_app.triage.evaluation.learning import synthetic_examples
from ticket_app.triage.learning.examples import Example

COMMAND = [sys.executable, "-m", "ticket_app", "triage", "learn"]
SECONDS_MAX, MIB_MAX = 60, 1024


def learn(database: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Runs the command to its end."""
    return run_command("triage", "learn", *options, DATABASE_URL=database)


@pytest.mark.rest_in_prove("database")
def test_an_empty_desk_is_told_what_it_takes(database: str) -> None:
    done = learn(database)
    assert (done.returncode, done.stderr) == (0, "")
    category, priority = done.stdout.splitlines()
    assert category.startswith("To learn the category takes 200 different texts")
    assert priority.startswith("To learn the priority takes 200 different texts")


@pytest.mark.rest_in_prove("database")
def test_each_field_is_compared_and_said(database: str) -> None:
    decide(examples(240))
    decide(shuffled(examples(240, "priority")), "priority")
    done = learn(database)
    assert (done.returncode, done.stderr) == (0, "")
    assert "category: 240 tickets decided by people; in use from now on" in done.stdout
    assert "priority: 240 tickets decided by people; not in use: the rules stay" in done.stdout
    category, priority = lessons()
    assert f"{category.rules_accuracy:.3f}" in done.stdout
    assert f"{category.learned_accuracy:.3f}" in done.stdout
    assert (category.in_use, priority.in_use) == (True, False)
    assert learn(database, "--due").stdout == ""
    assert count_lessons() == 2


@pytest.mark.rest_in_prove("database")
def test_learning_beside_another_process_is_refused_with_a_sentence(database: str) -> None:
    raw("UPDATE learning_turn SET held_until = '2999-01-01 10:00:00.000000'")
    done = learn(database)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Another process is learning the category.")
    assert done.stderr.count("\n") == 1


def test_help_names_the_options_and_makes_no_database(tmp_path: Path) -> None:
    done = learn(f"sqlite:///{tmp_path / 'none.sqlite3'}", "--help")
    assert done.returncode == 0
    assert "--due" in done.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.prove
def test_50_000_tickets_are_learned_with_a_minute_of_work_and_a_gibibyte(
    sqlite_database: str,
) -> None:
    words = {
        value: [f"my {a} and {b}" for a in own for b in own] for value, own in OWN_WORDS.items()
    }
    texts = [Example(text, value) for value, own in words.items() for text in own]
    filed = synthetic_examples(texts, EXAMPLES_MAX)
    decide([Example(f"{text[:60]}\n\n{text}", value) for text, value in filed])
    process = subprocess.Popen(
        COMMAND, cwd=ROOT, env=os.environ | {"DATABASE_URL": sqlite_database}
    )
    _, status, used = os.wait4(process.pid, 0)
    seconds, mib = used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
    assert os.waitstatus_to_exitcode(status) == 0
    [lesson] = lessons()
    assert lesson.n_decided == EXAMPLES_MAX
    print(f"{EXAMPLES_MAX:,} tickets: {seconds:.1f} s of CPU, {mib:.0f} MiB")
    assert seconds < SECONDS_MAX
    assert mib < MIB_MAX
