"""Content of the demo desk: people, texts, and the times at which tickets are filed."""
