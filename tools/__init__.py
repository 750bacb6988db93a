"""The project's own commands; run one from the project's folder as `python -m tools.<name>`."""
