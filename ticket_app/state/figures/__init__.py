"""The strip of figures, the insights and the report on the triage."""
