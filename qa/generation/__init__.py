"""Answers written by a language model, of which only what the papers carry is let through."""

from qa.generation.generator import Generator, Written

__all__ = ["Generator", "Written"]
