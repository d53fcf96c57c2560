"""HTTP: the only floor with an event loop, and without arrays."""
