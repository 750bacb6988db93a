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

quote("In {} % of the places the judge", 100 * layout["as drawn"])
quote("only in {} % if the grid", 100 * layout["upside down"])
assert corner_is_right
assert layout["as drawn"] > 2 * layout["upside down"]

named_on_line = judge.label_and_confidence(frames)[0].tolist()
if digits.name == "mnist":
    assert list(dict.fromkeys(named_on_line)) == [0, 3, 8, 1]

quote("differ by {}, any two of them by {}, and two random", neighbours, any_two)
quote("training images by {}.", two_training)
quote("smoother still, {}!", neighbours_fade)
assert neighbours < any_two
assert neighbours < two_training
if digits.name == "mnist":
    assert neighbours_fade < neighbours < any_two / 2

on_line, on_fade = third_digit.values()
quote("{} of the 45 decoded lines pass through a third digit, but only {} of", on_line, on_fade)
quote("fewer lines lead through a third digit than {}.", on_line)
quote("the same for both, {} and {},", *sureness.values())
if digits.name == "mnist":
    assert on_line > 2 * on_fade

quote("At the left end, {} times as lonely", distances[0])
quote("at the right end the distance is {},", distances[-1])

quote("the judge's doubt is {} %, around the 1s {} %,", doubts["0"], doubts["1"])
quote("in {} % and {} % of the places;", agreements["0"], agreements["1"])
quote("the 6 equals them, with {} %.", agreements["6"])
quote("At the other end is the 5 with {} %:", agreements["5"])
if digits.name == "mnist":
    assert {"0", "1"} <= set(sorted(doubts, key=doubts.get)[:3])
    assert {"0", "1"} <= set(sorted(agreements, key=agreements.get)[-3:])
    assert min(agreements, key=agreements.get) == "5"

quote("of which it is more than {} % sure.", 99)
quote("less than 90 % sure of {} %, and less than 50 % sure of {} %.", 100 * unsure, 100 * lost)
if digits.name == "mnist":
    assert 0.05 < unsure < 0.15
    assert 0 < lost < 0.02

among, beyond = by_distance["0 to 2"], by_distance["above 32"]
quote("from {} % among the data to {} % beyond a distance of 32,", among, beyond)
everywhere, near_data, between = ranks.values()
quote("the rank correlation is weak ({}, where", everywhere)
quote("near the data it all but vanishes ({}).", near_data)
quote("where five or fewer are, it is {} % (", by_mixture["5 or fewer"])
quote("with being mixed: {}).", between)
if digits.name == "mnist":
    assert beyond > 2 * among
    assert 0.1 < everywhere < 0.4
    assert abs(near_data) < 0.2 < between
    assert by_mixture["5 or fewer"] > 10 * by_mixture["all 10"]

quote("{} for codes that the mixture has not seen, where", scores[best])
quote("where the box comes to {}, and", uniform_score)
assert scores[best] > uniform_score
if digits.name == "mnist":
    assert best == 30

box, mixture, real = (values for values, _ in results.values())
sure = "at least 90 % sure"
quote("90 % sure of {} % of its pictures,", 100 * mixture[sure])
quote("against {} % for the box and {} % for real codes,", 100 * box[sure], 100 * real[sure])
lonely = "median distance to the data"
quote("a median distance of {} from the data,", mixture[lonely])
quote("those of the box lie at {}.", box[lonely])
assert mixture[lonely] < box[lonely]
if digits.name == "mnist":
    assert mixture[sure] > box[sure] + 0.027  # four standard errors of 0.9 among 2,000
    assert mixture["mean confidence"] > box["mean confidence"]

box_shares = results["evenly from the box"][1]
quote("{} % of its pictures are named 8,", 100 * box_shares[8])
quote("only {} % are named 5.", 100 * box_shares[5])
wrong_box, wrong_mixture = misplaced.values()
quote("{} % of its pictures would have to change their digit,", 100 * wrong_box)
quote("and {} % of the mixture's.", 100 * wrong_mixture)
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
    assert third["8 numbers"] < third["2 numbers"]

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
