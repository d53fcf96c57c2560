"""Many requests at once: synchronous, no HTTP."""
