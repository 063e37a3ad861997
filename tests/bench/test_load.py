"""wrk's output is parsed in its units, and an output with errors gives no figures."""

import pytest

from bench import load
from bench.load import BenchError, NoAnswerError, Run, median_run, read_output

PRINTED = """\
Running 3s test @ http://127.0.0.1:8000/api/tickets/
  1 threads and 32 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency    62.10ms   40.02ms 401.00ms   91.00%
    Req/Sec   512.00     80.00   700.00     70.00%
  Latency Distribution
     50%  850.00us
     75%   12.40ms
     90%  110.00ms
     99%    1.01s{space}
  1560 requests in 3.01s, 30.10MB read
{errors}Requests/sec:    518.27
Transfer/sec:     10.00MB
"""


def test_units_become_milliseconds() -> None:
    run = read_output(PRINTED.format(space=" ", errors=""))
    assert run == Run(per_second=518.27, p50_ms=0.85, p99_ms=1010.0, answers=1560)


@pytest.mark.parametrize(
    "line",
    ["  Non-2xx or 3xx responses: 3\n", "  Socket errors: connect 0, read 1, write 0, timeout 0\n"],
)
def test_an_error_among_the_answers_is_an_error(line: str) -> None:
    with pytest.raises(BenchError, match=line.strip()):
        read_output(PRINTED.format(space="", errors=line))


@pytest.mark.parametrize("lost", ["1560 requests in", "Requests/sec", "99%"])
def test_an_output_without_its_figures_is_an_error(lost: str) -> None:
    with pytest.raises(BenchError):
        read_output(PRINTED.format(space="", errors="").replace(lost, "?"))


def test_no_answer_at_all_is_an_error() -> None:
    with pytest.raises(NoAnswerError):
        read_output(PRINTED.format(space="", errors="").replace("1560 requests", "0 requests"))


def test_a_run_without_an_answer_is_made_once_more_and_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = []

    def wrk(_: str, seconds: int, *__: object) -> Run:
        made.append(seconds)
        if len(made) == 1:
            raise NoAnswerError("wrk saw no answer.")
        return Run(0.1, 1, 1, 6)

    monkeypatch.setattr(load, "_put_under_load", wrk)
    assert load.put_under_load("http://127.0.0.1/", seconds=3) == Run(0.1, 1, 1, 6)
    assert made == [3, load.LONG_SECONDS]


def test_the_typical_run_is_the_median_of_each_figure() -> None:
    runs = [Run(10, 1, 9, 30), Run(30, 3, 7, 90), Run(20, 2, 50, 60)]
    assert median_run(runs) == Run(20, 2, 9, 180)
