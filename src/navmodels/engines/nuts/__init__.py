"""The nuts engine: the model's graph in walking coordinates, sampled by nutpie."""
