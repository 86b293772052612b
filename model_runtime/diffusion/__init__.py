"""The method, in NumPy: schedules, samplers, guidance, noise, and the cascade over them."""
