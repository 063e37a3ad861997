"""The weights that come along are those that the training command writes."""

import sys
from pathlib import Path

import numpy as np
import pytest

from ticket_app.triage import training


@pytest.mark.prove
def test_the_training_command_writes_the_shipped_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = dict(np.load(training.WEIGHTS_FILE, allow_pickle=False))
    monkeypatch.setattr(training, "WEIGHTS_FILE", tmp_path / "weights.npz")
    monkeypatch.setattr(training, "ROOT", tmp_path)
    monkeypatch.setattr(sys, "argv", ["training"])
    assert training.main() == 0
    again = dict(np.load(tmp_path / "weights.npz", allow_pickle=False))
    assert shipped["names"].tobytes() == again["names"].tobytes()
    # Another processor adds in another order: a weight may be rounded to the next step.
    assert np.abs(shipped["cells"].astype(int) - again["cells"].astype(int)).max() <= 1
    assert (shipped["shown"] == again["shown"]).all()
