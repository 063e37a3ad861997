"""What a provider is asked. A question makes its messages and reads the answer; it calls nobody."""
