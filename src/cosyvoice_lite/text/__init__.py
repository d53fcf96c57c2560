"""Text: str to token ids; knows nothing of sound or tensors."""
