"""The invented sample: a universe whose truth is known, and the imperfect returns that its members send."""
