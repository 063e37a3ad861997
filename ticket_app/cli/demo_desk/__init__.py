"""The believable desk that `demo` files: its people, their words, and the rhythm of their days."""
