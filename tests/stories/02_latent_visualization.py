"""Notebook 2: 0 and 1 lie apart on every map, and where they lie is an accident."""

import math

quote("Six starts, {} steps, and a test error of {},", about["settings"]["steps"], error)
assert len(about["trial_errors"]) == 6

quote("We cut them at z2 = {}, between", -2)
if digits.name == "mnist":
    gap = (codes[twos, 1] + 2).abs() < 0.4  # few lie where they are cut
    assert gap.float().mean() < 0.03 and 0.3 < is_lower.float().mean() < 0.5

between = torch.cdist(moments[160], moments[160]) + 1e9 * torch.eye(len(few))
own = (
    labels[:1_000][between.argmin(1)] == labels[:1_000]
)  # whether the nearest code is of its digit
by_digit = [own[labels[:1_000] == digit].float().mean().item() for digit in range(10)]
spreads = {steps: z.std(0).norm() for steps, z in moments.items()}
if digits.name == "mnist":
    assert spreads[80] == min(spreads.values()) < spreads[0]
    assert sorted([*spreads.values()][4:]) == [*spreads.values()][4:]
    assert sorted(range(10), key=by_digit.__getitem__)[-2:] == [0, 1]
    middles = {k: moments[160][labels[:1_000] == k].median(0).values for k in range(10)}
    assert min(middles, key=lambda digit: middles[digit][0]) == 1
    assert max(middles, key=lambda digit: middles[digit][1]) == 7
    assert min(middles, key=lambda digit: middles[digit][1]) == 0

if digits.name == "mnist":
    assert labels[[0, 15, 8]].tolist() == [7, 5, 5]
    votes = [digits.train_labels[near[number]].sort().values.tolist() for number in (0, 15, 8)]
    assert votes == [[7] * 5, [3, 5, 5, 5, 5], [2] * 5]

quote(
    "The 1s and the 0s lead, at {} both; then come the 6s at {} and the 2s at {}, "
    "and the 9s are last at {}.",
    *table.diagonal()[[1, 6, 2, 9]],
)
quote("the 1s and the 0s lead at {}, and no two digits", table[0, 0])
if digits.name == "mnist":
    assert set(order[:2]) == {0, 1} and order[2:4] == [6, 2] and order[-1] == 9
    assert abs(table[0, 0] - table[1, 1]) < 0.01

quote("puts the 6s ({}) before the 0s ({}), which", *silhouette[[6, 0]])
quote("puts the 2s last of all, at {}:", silhouette[2])
quote("k-NN names {} % of them rightly, for", 100 * table[2, 2])
if digits.name == "mnist":
    assert silhouette.argsort(descending=True)[[0, 1, 2, -1]].tolist() == [1, 6, 0, 2]

quote("at {}, where the next pair, 1 and 6, is at {}.", gaps[0], gaps[1:].max())
quote("the angle is {} degrees, not {}.", angle, 180)
if digits.name == "mnist":
    assert [pairs[number] for number in gaps.argsort(descending=True)[:2]] == [(0, 1), (1, 6)]
    assert gaps[0] > 1.1 * gaps[1:].max()
    assert 120 < angle < 150

quote("{} % of the 4s are named 9, {} % of the 9s", 100 * table[4, 9], 100 * table[9, 4])
quote("make {} % of the mistakes", 100 * share_worst)
if digits.name == "mnist":
    assert share_worst > 0.5
    assert [pair for pair, _ in worst] == [(4, 9), (3, 8), (3, 5), (7, 9), (5, 8)]

right_inside, right_outside = right[inner].mean(), right[~inner].mean()
quote("names {} % rightly, against {} % in", 100 * right_inside, 100 * right_outside)
if digits.name == "mnist":
    shares = [inner[labels == digit].float().mean() for digit in range(10)]
    assert max(shares[:2]) < 0.1 < 0.3 < min(shares[2:])
    assert right_inside > 0.75

quote("only {} of the test images rightly, half as many as the {} on", accuracy_pca, accuracy)
quote("where k-NN names {} % of the test images rightly?", 100 * accuracy)
quote("name {} % of the test images once", 100 * accuracy)
assert accuracy > accuracy_pca
if digits.name == "mnist":
    assert accuracy > 1.8 * accuracy_pca

dense_2d, dense_3d, sweep_2d, sweep_3d = runs
quote("lower each time: {} after {}, and", dense_3d["error"], dense_2d["error"])
quote("and {} after {}. Of", sweep_3d["error"], sweep_2d["error"])
quote("accuracy rises from {} to {}.", sweep_2d["accuracy"], sweep_3d["accuracy"])
assert dense_3d["error"] < dense_2d["error"] and sweep_3d["error"] < sweep_2d["error"]
assert sweep_3d["accuracy"] > sweep_2d["accuracy"]
alike = ("layers", "bend", "steps")
assert [sweep_2d[key] for key in alike] == [sweep_3d[key] for key in alike]
if digits.name == "mnist":
    assert -0.01 < third_number(runs) < 0

# Where the five small models put the digits hangs on their training's last bit.
zeros, ones = zip(*(find_centres(z)[:2] for z in maps.values()), strict=True)
directions = [math.degrees(math.atan2(zero[1], zero[0])) % 360 for zero in zeros]
angles = list(map(angle_between, zeros, ones))
quote("goes from {} to {} degrees", min(angles), max(angles), stable=False)
if digits.name == "mnist":
    assert max(directions) - min(directions) > 90
    assert min(angles) > 90

by_digit = [confusion_table(labels, each).diagonal() for each in guesses.values()]
overall = [(each == labels).float().mean().item() for each in guesses.values()]
quote("is between {} and {}, after", min(overall), max(overall), stable=False)
if digits.name == "mnist":
    assert all(set(each.topk(2).indices.tolist()) == {0, 1} for each in by_digit)
    assert all(pairs[torch.pdist(find_centres(z)).argmax()] == (0, 1) for z in maps.values())
    assert max(overall) < accuracy - 0.05
    assert max(overall) - min(overall) > sweep_3d["accuracy"] - sweep_2d["accuracy"]

as_came, left = zip(*(mismatches[name] for name in list(maps)[1:]), strict=True)
quote("mismatches from {} to {}, where", min(as_came), max(as_came), stable=False)
quote("two of the four mirrored, {} to {} is left.", min(left), max(left), stable=False)
if digits.name == "mnist":
    assert max(left) < 0.5 < max(as_came)

shuffled, shipped, plane = (mismatches[name][1] for name in ("seed 1, shuffled", "dense_2d", "PCA"))
quote("The shuffled map stays at {},", shuffled, stable=False)
quote("model's comes to {}, and even", shipped, stable=False)
quote("no seed and no training, to {}.", plane, stable=False)
if digits.name == "mnist":
    assert max(shipped, plane) < 0.4 < 0.95 < shuffled

quote("k-NN accuracy is {} where it was {}.", accuracy_warped, accuracy)
assert difference < 1e-5
if digits.name == "mnist":
    assert abs(accuracy_warped - accuracy) <= 0.01

# What the exercises name, their solutions check.
quote("Let only {}, {}, {} or {} of them", 10, 100, 1_000, 10_000)
quote("by more than {} in any pixel.", 1e-4)

# %% solutions

quote("Ten labels name {} of the", means[0])
quote("the unluckiest draw differ by {}.", max(draws[10]) - min(draws[10]))
quote("A hundred name {}, a thousand {},", *means[1:3])
quote("and all {} no more than {}.", n_train, means[-1])
assert means[0] < means[1]
if digits.name == "mnist":
    assert abs(means[1] - 0.7) < 0.05
    assert means[-1] - 0.03 < means[2] < means[-1]

quote("k-NN accuracy is {}, just as it was.", accuracy_after)
assert difference < 1e-4
if digits.name == "mnist":
    assert abs(accuracy_after - accuracy_before) < 0.01
    (left, up), (right, down) = centres
    assert max(abs(left + 4), abs(up - 4), abs(right - 5), abs(down + 2)) < 1

assert len(shares) == 10
if clothes.name == "fashion":
    of = {name: share for name, share in zip(clothes.label_names, shares.tolist(), strict=True)}
    assert sorted(of, key=of.get, reverse=True)[:2] == ["Trouser", "Bag"]
    assert min(of["Sandal"], of["Sneaker"], of["Ankle boot"]) > 0.7
    assert clothes.label_names[worst] == "Shirt"
    like = [clothes.label_names.index(name) for name in ("T-shirt/top", "Pullover", "Coat")]
    assert table[worst, like].sum() > 0.5
