// The page begins: each part of it is started here.

import { startExploring } from "./explore.js";
import { startScrubbing } from "./scrub.js";
import { startWalking } from "./walk.js";

document.documentElement.classList.toggle("embedded", window !== window.parent);
startWalking();
startExploring();
startScrubbing();
