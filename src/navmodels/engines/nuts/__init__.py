"""The nuts engine: the model's graph in whitened coordinates, sampled by nutpie."""
