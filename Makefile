.PHONY: docs

docs:  ## build the documentation; its code is run, and a warning is an error
	uv run --group docs sphinx-build -W --keep-going -b html docs docs/_build/html
