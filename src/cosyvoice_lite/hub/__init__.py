"""Hub: files from the places where the authors publish them; standard library only."""
