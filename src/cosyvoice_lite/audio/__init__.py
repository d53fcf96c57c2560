"""Audio: signal processing in NumPy; knows nothing of models."""
