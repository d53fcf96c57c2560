"""Runtime: one request, straight down the figure of the paper."""
