"""The project's own commands; run one from the project's folder as `python -m tools.<name>`.

`make/` makes what the package and the README ship: weights, figures, results of long experiments.
`publish/` makes what readers see: executed notebooks, the book, slides, the explorer's page.
`measure/` says how fast and how large it all is. `make help` lists them.
"""
