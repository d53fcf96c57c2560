"""Convert: an official checkpoint to a bundle; never imported while speaking."""
