"""The exercises of notebook 0."""

from ae_utils.exercises.exercise import Exercise

EXERCISES: tuple[Exercise, ...] = ()
