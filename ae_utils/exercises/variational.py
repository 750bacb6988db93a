"""The exercises of notebook 6."""

from ae_utils.exercises.exercise import Exercise

EXERCISES: tuple[Exercise, ...] = ()
