"""A caller's cancellation is obeyed even if it coincides with the shared call's answer."""

import asyncio
from concurrent.futures import Future

import pytest

from ticket_app.triage.contract import Triage
from ticket_app.triage.offline import triage_offline
from ticket_app.triage.provider.single_flight import SingleFlight

STEPS = 8
"""Turns of the event loop; an answer reaches its waiter in fewer."""


@pytest.mark.parametrize("steps", range(STEPS))
def test_who_is_cancelled_as_the_answer_arrives_goes_no_further(steps: int) -> None:
    went_on: list[Triage] = []

    async def waits(call: "Future[Triage]") -> None:
        flights: SingleFlight[Triage] = SingleFlight()
        went_on.append(await flights.join("a text", lambda: call, 10.0))
        await asyncio.sleep(10)

    async def meet() -> None:
        call: Future[Triage] = Future()
        task = asyncio.create_task(waits(call))
        await asyncio.sleep(0.01)
        call.set_running_or_notify_cancel()
        call.set_result(triage_offline("The printer is broken."))
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(asyncio.shield(task), 1.0)

    asyncio.run(meet())
