"""The rooms of the physics-informed networks: pinn-autograd and pinn-finite-difference."""
