"""The exercises of notebook 3."""

from ae_utils.exercises.exercise import Exercise

EXERCISES: tuple[Exercise, ...] = ()
