"""The report of `triage evaluate` as plain lines that fit a terminal of 100 columns."""

from collections.abc import Iterator

from ticket_app.cli.triage.columns import columns
from ticket_app.triage.evaluation.figures import Evaluation, FieldFigures, Figures, UrgencyFigures

Cells = tuple[str, ...]


def lines_of(report: Evaluation) -> Iterator[str]:
    """Yield the figures, each field's confusion matrix and reliability, and short breakdowns."""
    cost = "none" if report.cost is None else f"${report.cost:.4f}"
    yield (
        f"{report.n:,} tickets; latency p50 {report.latency_p50:.2f} ms, "
        f"p95 {report.latency_p95:.2f} ms; cost {cost}"
    )
    for failure, count in report.unanswered.items():
        yield f"{count:,} more without an answer: {failure}"
    yield from _fields(report)
    yield from _harm(report)
    for name, field in _classified(report):
        yield from _confusion(name, field)
    yield from _reliability(report)
    for kind, groups in (("language", report.by_language), ("trait", report.by_trait)):
        yield from _groups(kind, groups)


def _fields(report: Evaluation) -> Iterator[str]:
    rows = [
        (name, str(f.n), _share(f.accuracy), _share(f.macro_f1), _share(f.ece))
        for name, f in _classified(report)
    ]
    if report.urgency:
        urgency = report.urgency
        in_range = f"{_share(urgency.in_range)} in range"
        rows.append(("urgency", str(urgency.n), in_range, "-", _share(urgency.ece)))
    yield from columns(("field", "tickets", "accuracy", "macro F1", "ECE"), rows, numbers=True)


def _harm(report: Evaluation) -> Iterator[str]:
    priority = report.priority
    if priority:
        yield ""
        yield (
            f"priority: within one step {_share(priority.within_one)}, recall of critical "
            f"{_share(priority.critical_recall)}, too low {_share(priority.under_share)}"
        )


def _confusion(name: str, field: FieldFigures) -> Iterator[str]:
    values = list(field.confusion)
    rows = [
        (label, *(str(answers[value]) for value in values))
        for label, answers in field.confusion.items()
    ]
    yield from columns(
        (f"{name}: labelled", *(f"as {value}" for value in values)), rows, numbers=True
    )


def _reliability(report: Evaluation) -> Iterator[str]:
    """Yield a row per field and step of confidence, with mean confidence and accuracy."""
    fields: list[tuple[str, FieldFigures | UrgencyFigures]] = [*_classified(report)]
    if report.urgency:
        fields.append(("urgency", report.urgency))
    rows = [
        (
            name,
            f"{each.low:.1f}-{each.high:.1f}",
            str(each.n),
            _share(each.confidence),
            _share(each.accuracy),
        )
        for name, field in fields
        for each in field.reliability
    ]
    yield from columns(("field", "confidence", "tickets", "mean", "right"), rows, numbers=True)


def _groups(kind: str, groups: dict[str, Figures]) -> Iterator[str]:
    rows = [
        (
            name,
            str(group.n),
            _share(group.category.accuracy if group.category else None),
            _share(group.priority.accuracy if group.priority else None),
            _share(group.priority.within_one if group.priority else None),
            _share(group.sentiment.accuracy if group.sentiment else None),
            _share(group.urgency.in_range if group.urgency else None),
        )
        for name, group in groups.items()
    ]
    if rows:
        heads = (kind, "tickets", "category", "priority", "within 1", "sentiment", "urgency")
        yield from columns(heads, rows, numbers=True)


def _classified(report: Evaluation) -> list[tuple[str, FieldFigures]]:
    fields = {
        "category": report.category,
        "priority": report.priority,
        "sentiment": report.sentiment,
    }
    return [(name, field) for name, field in fields.items() if field]


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
