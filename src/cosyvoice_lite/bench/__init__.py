"""How fast, how large and how near to the machine's limits a bundle speaks."""
