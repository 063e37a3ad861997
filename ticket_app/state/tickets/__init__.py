"""The queue and the board, the rows and columns that they show, and the actions on one ticket."""
