"""Markup: how the caller steers the voice, in plain marks or in a subset of SSML."""
