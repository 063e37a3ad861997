"""Counts what the offline engine gets right in the shipped sets, and records it for comparison."""

import json
from pathlib import Path

from ticket_app.triage.evaluation.labelled import SHIPPED, shipped_tickets
from ticket_app.triage.offline import triage_offline
from ticket_app.vocabulary import Priority

RECORDED = Path(__file__).with_name("recorded_figures.json")
STEPS = list(Priority)


def figures_of(name: str) -> dict[str, int]:
    """Returns how many tickets of a shipped set are right, by field."""
    counts = dict.fromkeys(
        ("tickets", "category", "priority", "within_one", "critical", "sentiment", "urgency"), 0
    )
    for ticket in shipped_tickets(name):
        triage = triage_offline(ticket.description, ticket.title)
        assert ticket.priority and ticket.urgency
        answer = triage.priority.value
        step = STEPS.index(answer) - STEPS.index(ticket.priority)
        counts["tickets"] += 1
        counts["category"] += triage.category.value is ticket.category
        counts["priority"] += step == 0
        counts["within_one"] += abs(step) <= 1
        counts["critical"] += answer is ticket.priority is Priority.CRITICAL
        counts["sentiment"] += triage.sentiment.value is ticket.sentiment
        counts["urgency"] += ticket.urgency[0] <= triage.urgency_score.value <= ticket.urgency[1]
    return counts


if __name__ == "__main__":
    figures = {name: figures_of(name) for name in SHIPPED}
    RECORDED.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
