"""Training of nano, the small bundled voice. PyTorch lives here, never in src."""
