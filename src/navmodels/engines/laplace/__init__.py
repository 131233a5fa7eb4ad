"""The laplace engine: importance-corrected nested Laplace approximation."""
