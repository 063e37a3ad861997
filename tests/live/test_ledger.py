"""A server writes its ledger before it ends."""

import asyncio

import pytest
from sqlalchemy import func, select

from tests.services.triage.test_ledger import call
from ticket_app.data.engine import read_transaction
from ticket_app.data.triage.tables import TriageCall
from ticket_app.live.ledger import flushing_ledger
from ticket_app.services.triage.ledger import Ledger
from ticket_app.vocabulary import CallPurpose


@pytest.mark.usefixtures("database")
def test_what_waits_is_written_when_the_server_ends() -> None:
    async def serve() -> None:
        async with flushing_ledger():
            for _ in range(20):
                Ledger(CallPurpose.SUGGEST).record(call())

    asyncio.run(serve())
    with read_transaction() as session:
        assert session.scalar(select(func.count()).select_from(TriageCall)) == 20
