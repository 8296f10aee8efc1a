"""The rooms of collocation window by window: random-feature-collocation and chebyshev-collocation."""
