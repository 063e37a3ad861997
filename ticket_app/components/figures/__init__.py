"""The strip of figures above the queue, the charts of the insights and the report on the triage."""
