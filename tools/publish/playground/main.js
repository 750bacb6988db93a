// The page begins: each part of it is started here.

import { contents, images } from "./contents.js";
import { startDrawing } from "./draw.js";
import { startExploring } from "./explore.js";
import { startScrubbing } from "./scrub.js";
import { startTraining } from "./train.js";
import { startWalking } from "./walk.js";

document.documentElement.classList.toggle("embedded", window !== window.parent);
startDrawing();
startWalking();
startExploring();
startScrubbing();
startTraining(document.getElementById("train"), { ...contents, images });
