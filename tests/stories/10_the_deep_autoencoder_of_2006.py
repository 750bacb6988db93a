"""Notebook 10: what the machines of 2006 were needed for, a formula for starting weights gives."""

from ae_utils.machine_stack import pretrain

ways = [make_machines((784, 16, 8, 4), mean_image=average, seed=SEED) for _ in range(2)]
short = [Settings(3, 100, rate, SEED) for rate in (0.1, 0.1, 2e-3)]
pretrain(ways[0], digits.train_images[:300], short)
for number, machine in enumerate(ways[1]):
    loss = on_top_of(ways[1][:number])
    fit(machine, digits.train_images[:300], short[number], loss=loss, make_optimizer=MOMENTUM)
for by_package, by_hand in zip(*ways, strict=True):
    assert torch.equal(by_package.weight, by_hand.weight)

if digits.name == "mnist":
    assert 1.5e9 < small[-1] / small[0] < 2.5e9
assert spread < 1e-6
assert difference < 1e-4

error_deep = errors["fine-tuned"]
quote("The machines alone come to {}, PCA to {}:", errors["machines alone"], errors["PCA"])
quote("brings the error to {}, and the 5 back.", error_deep)
assert error_deep < errors["machines alone"]
assert N_PIXELS * evaluate(unroll(machines), digits.test_images) == errors["machines alone"]
spoilt = N_PIXELS * evaluate(unroll(twins), digits.test_images) - errors["machines alone"]
assert abs(spoilt) > 0.1
if digits.name == "mnist":
    judge, _ = load_shipped("digit_classifier")
    fives = torch.stack((rows["machines alone"][5], rows["fine-tuned"][5]))
    assert judge.label_and_confidence(fives)[0].tolist() == [9, 5]
    assert round(errors["PCA"], 2) == 13.87
    assert 0 < errors["machines alone"] - errors["PCA"] < 1.5

error_boltzmann = about["boltzmann"]["test_error"]
quote("(The {} of `boltzmann` in notebook 9,", error_boltzmann)
quote("a mean over pixels and rounded, would be {}.)", N_PIXELS * error_boltzmann)

if digits.name == "mnist":
    steepness = {name: max(values) / min(values) for name, values in starts.items()}
    assert steepness["four machines"] < 100
    assert steepness["Glorot and Bengio's, times four"] < 100
    assert steepness["small random weights"] > 1e9

shorter = results["3 minutes"]
test, training = (
    {way: (shorter[way][kind], longest[way][kind]) for way in longest}
    for kind in ("test error", "training error")
)
three, eight = (
    [length[way]["test error"] for way in ("fine-tuned", "scratch")]
    for length in (shorter, longest)
)
quote("After about three minutes both are even, with {} and {}.", *three)
quote("machines' network is ahead, with {} against {}.", *eight)
quote(
    "after about eight minutes {} against {} with machines, beside the {} of 2006.", *eight[::-1], 3
)
fallen = [errors["fine-tuned"][0] - errors["fine-tuned"][1] for errors in (training, test)]
quote("the fine-tuned network fell by {}, the test error by {}, both taken before", *fallen)
assert all(training[way][n] < test[way][n] for way in ("fine-tuned", "scratch") for n in (0, 1))
assert abs(three[0] - three[1]) < 0.1 < eight[1] - eight[0]
assert max(eight) < 3.00 < min(three)
assert fallen[0] > fallen[1]
for length in (shorter, longest):
    assert abs(length["fine-tuned"]["seconds"] / length["scratch"]["seconds"] - 1) < 0.05

today = load_results("deep_30d")
assert 4.5 < today["seconds"] / 60 < 5.5
assert longest["machines"]["test error"] < today["figures"]["PCA's test error"]

quote("It is {} in the first layer,", kept[0])
quote("and {} or more in each of the others.", min(kept[1:]))
assert kept[0] == min(kept) or digits.name != "mnist"

error, share = ({name: pair[i] for name, pair in measured.items()} for i in (0, 1))
quote("By error the autoencoder leads with {},", error["autoencoder, 32"])
quote("is last by far, with {}.", error["Boltzmann machine, 32"])
quote("is as good as any, with {} %.", 100 * share["PCA, 32"])
alone, tuned = share["machines alone, 30"], share["machines, fine-tuned, 30"]
quote("{} % before fine-tuning, {} % after.", 100 * alone, 100 * tuned)
quote("and {} % of the time they are at least nine parts in ten sure", 100 * decided)
if digits.name == "mnist":
    *others, single = sorted(share.values(), reverse=True)
    assert max(share, key=share.get) == "PCA, 32"
    assert min(share, key=share.get) == max(error, key=error.get) == "Boltzmann machine, 32"
    assert min(error, key=error.get) == "autoencoder, 32"
    assert others[0] - others[-1] < 0.01 < others[-1] - single

bound, annealed = (
    about["variational_40d"]["importance_bound"], about["boltzmann"]["log_likelihood"],
)  # fmt: skip
quote("so the two nats between {} and {} prove no winner.", bound, annealed)
assert round(annealed - bound) == 2
assert annealed > bound > about["variational_2d"]["log_likelihood"]
if digits.name == "mnist":
    everything = [*measured.values(), *shipped.values()]
    assert shipped["boltzmann"][1] == max(share for _, share in everything)
    assert shipped["boltzmann"][0] == min(error for error, _ in everything)
    assert shipped["boltzmann"][0] < 1.1 * min(landmarks.values())
    assert error["PCA, 32"] > 3 * error["autoencoder, 32"]

quote("Unrolled, ours had an error of {}, like PCA;", errors["machines alone"])
quote("1,000 steps of fine-tuning brought it to {}.", error_deep)
quote("Fine-tune the stack with {} numbers for {} steps, once", 30, 600)  # in the solutions
quote("PCA with {} has the {} from above;", 30, errors["PCA"])

# %% solutions

quote("With 8 numbers the machines are ahead, {} against {}.", alone[8], pca[8])
quote("far behind, {} against {}.", alone[2], pca[2])
quote("With 100 numbers the machines have {}, PCA {}.", alone[100], pca[100])
quote("They lose {} without any code, most of the {}.", lost, alone[100])
if digits.name == "mnist":
    assert [n for n in sizes if alone[n] < pca[n]] == [8]
    assert alone[30] - alone[100] < 2
    assert alone[100] / 2 < lost < alone[100]

quote("the decoder comes to {}, well below PCA's {};", tuned["only the decoder"], tuned["PCA"])
quote("the whole network comes to {}.", tuned["the whole network"])
won = [alone[30] - tuned[name] for name in ("only the decoder", "the whole network")]
quote("So the decoder alone wins {} % of what there is to win", 100 * won[0] / won[1])
if digits.name == "mnist":
    assert 0.6 < won[0] / won[1] < 0.72
assert code_moved["only the decoder"] == 0 < code_moved["the whole network"]

quote("The error lies between, {}, and", planes["fine-tuned"][0])
quote("neighbours name {} %. Before", 100 * planes["fine-tuned"][1])
quote("Before fine-tuning it was {} %, less", 100 * planes["machines alone"][1])
if digits.name == "mnist":
    error, share = ({name: pair[i] for name, pair in planes.items()} for i in (0, 1))
    assert error["dense_2d"] < error["fine-tuned"] < error["PCA"]
    assert share["machines alone"] < share["PCA"] < share["fine-tuned"] < share["dense_2d"]
