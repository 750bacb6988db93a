"""The exercises of notebook 10."""

from ae_utils.exercises.exercise import Exercise

EXERCISES: tuple[Exercise, ...] = ()
