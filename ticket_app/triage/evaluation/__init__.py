"""How good triage is: labelled tickets, the figures of an engine, the engines to measure."""
