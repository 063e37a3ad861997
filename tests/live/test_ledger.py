"""A server that ends writes its ledger first."""

import asyncio

import pytest
from sqlalchemy import func, select

from tests.services.test_ledger import call
from ticket_app.data.engine import reading
from ticket_app.data.triage.tables import TriageCall
from ticket_app.live.ledger import keeping_ledger
from ticket_app.services.triage.ledger import Ledger
from ticket_app.vocabulary import CallPurpose


@pytest.mark.usefixtures("database")
def test_what_waits_is_written_when_the_server_ends() -> None:
    async def serve() -> None:
        async with keeping_ledger():
            for _ in range(20):
                Ledger(CallPurpose.SUGGEST).keep(call())

    asyncio.run(serve())
    with reading() as session:
        assert session.scalar(select(func.count()).select_from(TriageCall)) == 20
