"""What runs a model: compiled for the processor where that can be done, by torch where not."""
