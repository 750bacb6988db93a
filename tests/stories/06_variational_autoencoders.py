"""Notebook 6: clouds that pay rate; a prior that helps little, since the codes lie elsewhere."""

share_far = far.float().mean().item()
quote("holds the middle {} % of them", 98)
quote("a fifth of the box, {} %.", 100 * share_far)
quote("{} % of it go to the 0s, and {} % to the 3s.", 100 * area[0], 100 * area[3])
if digits.name == "mnist":
    assert 0.15 < share_far < 0.25
    assert set(area.topk(3).indices.tolist()) == {0, 1, 2} and area[0] > 3 * area[3]
    assert area[3] < 1.1 * area.min()

wide = list(ranges.values())
quote("The first map is {} wide, the second {}, the third {}.", *wide)
if digits.name == "mnist":
    assert max(wide) > 1.5 * min(wide)

quote("its codes have a spread of {} along each axis.", figures["plain"][2])

free_prices, paid_prices = [
    [kl_divergence(torch.tensor([[m]]), torch.tensor([[2 * math.log(w)]])).item() for m, w in part]
    for part in (free, paid)
]
quote("they cost {} to {} **nats** each", min(free_prices), max(free_prices))
quote("(1 nat is {} bits)", 1 / math.log(2))
quote("huddle around 0 and overlap: {} nats at most.", max(paid_prices))

by_hand_rate = rate_by_hand.item()
quote("costs {} nats: {} for its pixels, given a code, and {} for", total, distortion, by_hand_rate)
quote("grey level {} turns white with a chance of {} %", 0.8, 80)
assert abs(package[0] - distortion.item()) < 1e-2 and abs(package[1] - by_hand_rate) < 1e-4
assert abs(by_hand_rate - ratio.mean().item()) < 4 * (ratio.std() / len(ratio) ** 0.5).item()
assert ((binary == 0) | (binary == 255)).all()

assert abs(slopes[0] - 1.4) < 0.02 and abs(slopes[1] - 1) < 0.02
assert m.grad == s.grad == 0  # of the draw in one piece

assert abs(ours - package_loss) < 1e-2
plain_names = dict(live["plain"].named_parameters()).keys()
added_names = dict(live["variational"].named_parameters()).keys() - plain_names
assert added_names == {"log_variance.weight", "log_variance.bias"}

# The series' figures for half a minute of training.
quote(
    "the test error is {}, where the plain network has {}.", errors["variational"], errors["plain"]
)
if digits.name == "mnist":
    assert elbo_live > -138.5 - 0.5  # on another processor it may end a little lower
    assert errors["variational"] <= 0.0352 * 1.02

live_codes = encode_dataset(live["plain"].encode, digits.test_images[:2_000])
quote("The width of a cloud is {} in the median,", widths.median(), stable=False)
quote("the middles of {} of them lie within", overlap, stable=False)
left, right = live_codes[:, 0].min(), live_codes[:, 0].max()
quote("The plain map reaches from {} to {}.", left, right, stable=False)
if digits.name == "mnist":
    assert (middles.norm(dim=1) < 2.5).float().mean() > 0.9
    assert overlap > 5
    rim = middles.norm(dim=1) > 2
    assert widths[rim].median() > 1.5 * widths[~rim].median()

# As the bug stands, all comes back as one picture; mended, it does not.
mended = check(vae_loss)
if digits.name == "mnist" and not mended:
    assert 0 < history.train_loss[-1] < 0.5 and spread < 0.15
    assert abs(evaluate(program, digits.test_images) - 0.0675) < 0.001
    assert -elbo_live > 100

of_plain, of_cloudy = figures["plain"], figures["variational"]
both_steps = [load_shipped(name)[1]["settings"]["steps"] for name in ("sweep_2d", "beta_1")]
quote("same {} batches.", both_steps[0])
assert both_steps[0] == both_steps[1]
quote("and the plain ones one of {}.", of_plain[2])
quote("a little higher, {} against {},", of_cloudy[0], of_plain[0])
quote("rightly, {} % against {} %.", 100 * of_cloudy[1], 100 * of_plain[1])
quote("along each axis {} % of the prior lies within {} of 0.", 98, 2.33)
if digits.name == "mnist":
    assert all(0.9 < across < 1.2 for across in maps["variational"].std(0))
    assert of_plain[0] < of_cloudy[0] < 1.06 * of_plain[0] and of_plain[1] > of_cloudy[1]

quote("plain side: {} % against {} %.", 100 * confident["plain"], 100 * confident["variational"])
corner = decode_points(models["variational"].decode, torch.tensor([-2.33, 2.33]))
assert torch.allclose(tiles[0, 0], corner, atol=1e-5)  # the right way up: z2 is highest on top
if digits.name == "mnist":
    assert abs(confident["plain"] - confident["variational"]) < 0.05

quote("on the other, from {} to {}.", steps.min(), steps.max())

two, twenty = (
    {key[12:]: [100 * share for share in shares] for key, shares in results.items() if n == key[:2]}
    for n in (" 2", "20")
)
prior, gaussian = "variational, prior", "plain, one Gaussian"
quote("the judge is sure of {} % against {} %,", two[prior][0], two[gaussian][0])
quote("{} % of the pictures are misplaced against {} %.", two[prior][1], two[gaussian][1])
quote("draws level, with {} % and {} %.", *(100 * x for x in results["variational_2d, prior"]))
quote("ahead, {} % against {} %, but both", twenty[prior][0], twenty[gaussian][0])
plain_mixture, own_mixture = twenty["plain, mixture"], twenty["variational, mixture"]
quote("sure of {} % from the plain model and of {} % from", plain_mixture[0], own_mixture[0])
best = twenty["variational, clouds of images"]
quote("are best: {} % with 20 numbers.", best[0])
if digits.name == "mnist":
    assert two[prior][0] < two[gaussian][0] - 2
    assert twenty[prior][0] > twenty[gaussian][0] + 4
    assert min(plain_mixture[0], own_mixture[0]) > twenty[prior][0] + 15
    assert best[0] == max(sure for sure, _ in twenty.values()) > 96.5

quote("Of its {} nats, {} are information", rate, information)
quote("images takes {}), and {} mismatch.", math.log(len(mean)), mismatch)
quote("the mismatch was {} nats.", mismatch)
assert abs(aggregate.sum().item() * cell - 1) < 0.02 and mismatch > 0
if digits.name == "mnist":
    # A code of one image in N tells at most log N of which it was.
    assert 0.2 < mismatch < 1 and information < math.log(len(mean))

# What the exercises name, their solutions check.
quote("by more than {} nats.", 100)

# %% solutions

quote("codes have spread as the prior has, to {}.", mended_spread, stable=False)
if digits.name == "mnist":
    assert 0.8 < mended_spread < 1.5 and history.train_loss[-1] > 100

quote(
    "of the prior, {} %, lies in the smaller square, and {} % in",
    *(100 * x for x in shares.values()),
)
assert shares[1.0] < 0.5
if digits.name == "mnist":
    assert named[1.0][1] == 0 and named[2.33].min() > 0

(width, spread), (width_paid, spread_paid) = clouds[0], clouds[1]
quote("the clouds shrink to {} and the codes spread over {}:", width, spread, stable=False)
quote("some {} times the width of a cloud.", 100 * round(spread / width / 100), stable=False)
quote("With the price the ratio is {}.", spread_paid / width_paid, stable=False)
if digits.name == "mnist":
    assert spread / width > 1_000 and spread / width**2 > 300_000
    assert 10 < spread_paid / width_paid < 50

quote("looks better, {} nats against {}.", own, own_right)
quote("its ELBO is {}, where the right loss reaches {}.", elbos["no noise"], elbos[1], stable=False)
if digits.name == "mnist":
    assert own < own_right and elbos["no noise"] < elbos[1] - 100
