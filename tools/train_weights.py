"""Train the weights that the package ships, on MNIST, and write them to `ae_utils/weights/`.

    python -m tools.train_weights

Where training ends depends on where it starts, by more than most settings matter. So the 2-D model
is started several times, each start is trained a little, and the best start is then trained at
length. It is chosen on training images held back for the purpose, not on the test images.
"""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ae_utils.checkpoints import load_checkpoint, save_checkpoint
from ae_utils.data import Digits, load_digits, mean_image
from ae_utils.models import Autoencoder, dense_autoencoder
from ae_utils.training import Settings, evaluate, fit

WEIGHTS = Path(__file__).resolve().parents[1] / "ae_utils" / "weights"
N_VALIDATION = 5_000  # the last training images, held back to choose a start
SEEDS = range(6)
TRIAL_STEPS, FINAL_STEPS = 1_000, 10_000


def main() -> None:
    """Train, save, and check what was saved."""
    torch.set_num_threads(1)
    digits = load_digits("mnist")
    model, about = train_dense_2d(digits)
    path = save_checkpoint(model, WEIGHTS / "dense_2d", about, half=True)
    saved, _ = load_checkpoint(path)
    error = evaluate(saved, digits.test_images)
    print(f"{path.name}: {path.stat().st_size:,} bytes, test error as saved {error:.5f}")


def train_dense_2d(digits: Digits) -> tuple[Autoencoder, dict[str, Any]]:
    """The default model with a code of two numbers, and what there is to know about it."""
    mean = mean_image(digits.train_images)
    trial_errors = [trial_error(seed, digits.train_images, mean) for seed in SEEDS]
    best = SEEDS[trial_errors.index(min(trial_errors))]
    model = dense_autoencoder(2, mean_image=mean, seed=best)
    settings = Settings(FINAL_STEPS, seed=best)
    fit(model, digits.train_images, settings)
    about = {
        "data": str(digits),
        "settings": asdict(settings),
        "trial_steps": TRIAL_STEPS,
        "trial_errors": trial_errors,
        "train_error": evaluate(model, digits.train_images),
        "test_error": evaluate(model, digits.test_images),
        "torch": torch.__version__,
    }
    return model, about


def trial_error(seed: int, images: Tensor, mean: Tensor) -> float:
    """The error on the images held back, after a short training on the others."""
    model = dense_autoencoder(2, mean_image=mean, seed=seed)
    fit(model, images[:-N_VALIDATION], Settings(TRIAL_STEPS, seed=seed))
    error = evaluate(model, images[-N_VALIDATION:])
    print(f"start {seed}: error {error:.5f} after {TRIAL_STEPS:,} steps")
    return error


if __name__ == "__main__":
    main()
