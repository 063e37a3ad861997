"""The options that select an engine, shared by `evaluate` and `replay`."""

import argparse
from pathlib import Path
from typing import get_args

from ticket_app.actor import Actor
from ticket_app.services.triage.candidates import Candidate, Offline, candidate_named
from ticket_app.settings import ProviderName
from ticket_app.vocabulary import CallPurpose


def add_options(parser: argparse.ArgumentParser, *more: str) -> None:
    """Add the options for engine (also one of `more`), model, prompt and recorded answers."""
    parser.add_argument(
        "--engine",
        choices=(*get_args(Offline), *get_args(ProviderName), *more),
        default="offline",
        help="which engine; a provider needs its key in the settings (default: %(default)s)",
    )
    parser.add_argument("--model", help="the provider's model (default: that of the settings)")
    parser.add_argument(
        "--prompt", type=Path, metavar="FILE", help="instructions to try in place of the desk's own"
    )
    parser.add_argument(
        "--recorded",
        type=Path,
        metavar="FILE",
        help="take answers from this file, and keep new ones in it: a second run asks nobody",
    )


def candidate_of(actor: Actor, arguments: argparse.Namespace, purpose: CallPurpose) -> Candidate:
    """Return the engine that the options name. ConfigurationError, RecordingError."""
    return candidate_named(
        actor,
        arguments.engine,
        model=arguments.model,
        prompt=arguments.prompt,
        recorded=arguments.recorded,
        purpose=purpose,
    )
