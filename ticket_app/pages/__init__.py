"""The pages of the desk, each made of components and the handlers of its State."""
