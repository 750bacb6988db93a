"""Notebook 3: points decode to digits, not to copies; between digits the judge doubts."""

along = ((codes >= low) & (codes <= high)).float().mean(0)
quote("along each axis it holds the middle {} % of the codes.", 100 * along.min())
quote("Along each axis {} % of the codes lie outside;", 100 * (1 - along.min()))
quote("the box holds {} % of the codes.", 100 * inside.float().mean())

new, decoded = newness["test images"], newness["random points, decoded"]
blurred = newness["test images, blurred"]
quote("to a training image ({}) than real new digits are ({}).", decoded, new)
quote("it moves nearer, to {}.", blurred)
quote("Random pixels, at {}, are", noise)
if digits.name == "mnist":
    assert 0.01 < decoded < new < noise
    assert blurred < new

upside_down, as_drawn = map(find_agreement, layout.values())
quote("Only in {} % of the places, fewer", 100 * find_agreement(table))
quote("in {} % of the places the judge", 100 * as_drawn)
corner = decode_points(model.decode, torch.stack((low[0], high[1])))  # (1, 28, 28)
assert torch.allclose(grid_images[0, 0], corner, atol=1e-5)
assert find_agreement(table) == upside_down < as_drawn / 2

named_on_line = judge.label_and_confidence(frames)[0].tolist()
if digits.name == "mnist":
    assert list(dict.fromkeys(named_on_line)) == [0, 3, 8, 1]

quote("line differ by {}, and any two of them by {}.", neighbours, any_two)
quote("smoother still, {}!", neighbours_fade)
assert neighbours < any_two
if digits.name == "mnist":
    assert neighbours_fade < neighbours < any_two / 2

on_line, on_fade = third_digit.values()
quote("{} of the 45 decoded lines pass through a third digit, but only {} of", on_line, on_fade)
quote("if it is {} again,", on_line)
quote("the same for both, {} and {},", *sureness.values())
if digits.name == "mnist":
    assert on_line > 2 * on_fade

quote("At the left end, {} times as lonely", distances[0])
quote("at the right end the distance is {},", distances[-1])

quote("training image in {} % of the places among the 0s,", agreements["0"])
quote("and in {} % among the 1s;", agreements["1"])
quote("close behind comes the 6 with {} %.", agreements["6"])
quote("At the other end is the 5 with {} %:", agreements["5"])
if digits.name == "mnist":
    assert sorted(agreements, key=agreements.get)[-3:] == ["6", "1", "0"]
    assert min(agreements, key=agreements.get) == "5"

quote("is more than {} % sure.", 99)
quote("less than 90 % sure of {} %, and less than 50 % sure of {} %.", 100 * unsure, 100 * lost)
if digits.name == "mnist":
    assert 0.05 < unsure < 0.15
    assert 0 < lost < 0.02

quote("we tried: {} for codes that the mixture has not seen.", scores[best])
quote("The box comes to {}, and", uniform_score)
assert scores[best] > uniform_score
if digits.name == "mnist":
    assert best == 30
    assert scores[1] < scores[3] < scores[10] < scores[30]
    assert scores[3] - scores[1] > scores[10] - scores[3] > scores[30] - scores[10]
    assert data_distance(torch.stack((high[0], low[1]))[None]).item() > 10

quote("at least 90 % sure of {} % of its pictures,", 100 * sure["from the mixture"])
quote("against {} % for the box,", 100 * sure["evenly from the box"])
assert lonely["from the mixture"] < lonely["evenly from the box"]
if digits.name == "mnist":
    assert sure["from the mixture"] > sure["evenly from the box"] + 0.027  # four standard errors
    assert lonely["from the mixture"] < 1.5
    assert 2.5 < lonely["evenly from the box"] < 3.5

quote("{} % of its pictures are named 8,", 100 * shares["evenly from the box"][8])
quote("only {} % are named 5.", 100 * shares["evenly from the box"][5])
wrong_box, wrong_mixture = misplaced.values()
quote("{} % of its pictures would have to change their digit,", wrong_box)
quote("and {} % of the mixture's.", wrong_mixture)
if digits.name == "mnist":
    assert wrong_mixture < wrong_box / 2

# %% solutions

box, mixed, real = sure.values()
quote("90 % sure of {} % of the box's pictures; here", 100 * results[1][1])
quote("here it is only of {} %, and", 100 * box)
quote("The judge is sure of {} % of its pictures, as it is", 100 * mixed)
quote("of the real codes' ({} %),", 100 * real)
assert box < mixed
if digits.name == "mnist":
    assert abs(box - 0.75) < 0.05
    assert mixed > real - 0.02

quote("on {} lines where it was {}.", third["8 numbers"], third["2 numbers"])
if digits.name == "mnist":
    assert 16 < third["8 numbers"] < 24 < third["2 numbers"]

quote("the lower error for all {} digits.", wins)
quote("But {} of the ten are another digit:", wrong["average code"])
if digits.name == "mnist":
    assert wins == 10
    assert judge.label_and_confidence(mean_images)[0].tolist() == [0, 8, 2, 3, 4, 5, 6, 7, 8, 9]
    assert judge.label_and_confidence(mean_codes)[0].tolist() == [0, 1, 3, 3, 4, 8, 6, 7, 8, 9]

errors, shares_sure, shares_of_ones = zip(*results.values(), strict=True)
quote("The error is {} each time:", errors[1])
quote("1s grows from {} % over {} % to {} %,", *(100 * share for share in shares_of_ones))
quote("sure of {} %, {} % or {} % of the pictures.", *(100 * share for share in shares_sure))
assert max(errors) < (1 + 1e-5) * min(errors)
if digits.name == "mnist":
    assert shares_of_ones[2] > 3 * shares_of_ones[0]
