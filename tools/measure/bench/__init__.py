"""Measurements: how fast and how small the series is here, against what one would use instead.

`make bench`, or `python -m tools.measure.bench NAME` for one of them. What is compared takes turns,
so that a busy moment of the machine slows all of it. Trust the ratios more than the seconds: these
differ from machine to machine, and with what else the machine does.
"""
