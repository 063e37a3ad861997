"""Files of messages: the list below a message, and the box of a composer that takes them."""
