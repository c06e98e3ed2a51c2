"""One module per input format: the bytes of a file -> a `Page`, or articles."""
