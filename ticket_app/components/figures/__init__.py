"""The strip of figures above the queue, the charts of the insights and the reports on
answers and on the triage."""
