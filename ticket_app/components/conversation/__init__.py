"""The page of one ticket: its conversation, its composer, and its properties beside them."""
