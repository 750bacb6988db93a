"""The exercises of notebook 7."""

from ae_utils.exercises.exercise import Exercise

EXERCISES: tuple[Exercise, ...] = ()
