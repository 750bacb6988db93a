"""Notebook 0: shapes, slopes and steps are what the text says, and a bug shows in the loss."""

import math

assert x.shape == (10, 1, 28, 28) and average.shape == (1, 28, 28)
assert (a - b).shape == (10, 10, 784)

quote("With a learning rate of {} that is 1 + 0.05 x {} = {}.", 0.05, 16, 1 + 0.05 * 16)
one = torch.tensor(1.0, requires_grad=True)
loss_of(one).backward()
assert one.grad.item() == -16 and loss_of(3) == 0
assert math.isclose(rise / 0.002, -16, rel_tol=1e-3)


def distances(lr):
    """How far from the bottom each of ten steps ends."""
    w, all_of_them = 1.0, []
    for _ in range(10):
        w -= lr * 4 * (2 * w - 6)
        all_of_them.append(w - 3)
    return all_of_them


crawls, arrives, swings, explodes = map(distances, (0.005, 0.05, 0.23, 0.26))
quote("Ten steps with a learning rate of {}, of {}, of {} and of {}: work", 0.005, 0.05, 0.23, 0.26)
assert -2 < crawls[-1] < -1 and abs(arrives[-1]) < 0.05
assert swings[0] > 0 > swings[1] and abs(swings[-1]) < abs(swings[0])
assert explodes[0] > 2 and abs(explodes[-1]) > explodes[0]
assert abs(distances(0.125)[0]) < 1e-9 and abs(distances(0.25)[-1]) == 2

n_weights = 2 * 784 * 64 + 64 + 784
assert n_weights > x.numel()  # "more weights than they have pixels"
assert right[-1] < 0.1 * error_average and shuffled[-1] > error_average
if digits.name == "mnist":
    assert right[-1] < 0.03 * error_average and shuffled[-1] < 1.1 * error_average

assert blended.max() < 128 and not torch.equal(blended, five.float())

quote("the two edges are {} and about {}; a", 1 / 4, 1 / 9)
quote("the 1 needs the least, {}, and", 0.076)  # checked in the solutions

# %% solutions

assert distance_left(2, 0.25) == 1 and distance_left(2, 0.24) < 0.9 < 1.1 < distance_left(2, 0.26)
quote("at 1/a², which is {} and {}.", 1 / 4, 1 / 9)
byte = torch.tensor(254, dtype=torch.uint8)
quote("`uint8` ends at {},", torch.iinfo(torch.uint8).max)
quote(
    "{} + {}, which is {}, is stored as {}, and half of it is {}.",
    byte, byte, 2 * int(byte), byte + byte, (byte + byte) / 2,
)  # fmt: skip

quote("The 0 takes the most ink, {} a pixel, and the 1 the least, {}.", ink["0"], ink["1"])
if digits.name == "mnist":
    assert max(ink, key=ink.get) == "0" and min(ink, key=ink.get) == "1"
    assert ink["0"] > 2 * ink["1"] and abs(ink["1"] - 0.076) < 0.0005
