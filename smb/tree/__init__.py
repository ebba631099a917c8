"""A connected share and the files open on it: the same verbs over every dialect."""
