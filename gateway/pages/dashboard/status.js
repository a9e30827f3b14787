//  The state of the system, as the top of the page shows it: a mark and a word, and a sentence for
//  each trouble. Colours only repeat what words and marks say.
//  SPDX-License-Identifier: Apache-2.0
import {health, sampleOf} from "./health.js";
import {element, number, show} from "./text.js";

const MARKS = {good: "✓", busy: "…", warn: "!", bad: "×"};
const SAMPLES_SECONDS = 60;
const TROUBLES_MAX = 4;

const find = (id) => document.getElementById (id);

//  The events that the page has noted; health.js explains the members.
const seen = {stats: null, samples: [], isBarred: false, awayAt: null, eventsLostAt: null,
    rockets: null};
let accepted = null;  //  messages per second

function line (trouble) {
    const made = element ("li", "", element ("i", "", MARKS[trouble.level]),
        element ("span", "", trouble.sentence));
    made.dataset.level = trouble.level;
    return made;
}

//  Show the state, and return its name.
function paint () {
    const found = health (seen);
    const pill = find ("health");
    pill.dataset.level = found.level;
    show (pill.querySelector ("i"), MARKS[found.level]);
    show (pill.querySelector ("b"), found.title);
    show (pill.querySelector ("span"), found.level === "good" && accepted !== null
        ? number (accepted) + " messages/s" : "");
    const sentences = found.troubles.slice (0, TROUBLES_MAX).map (line);
    const banner = find ("banner");
    //  Replace only changed texts: a screen reader would read the others again.
    if (sentences.map ((one) => one.textContent).join () !== banner.dataset.said) {
        banner.replaceChildren (...sentences);
        banner.dataset.said = sentences.map ((one) => one.textContent).join ();
    }
    document.body.classList.toggle ("is-away", found.name === "away");
    document.body.classList.toggle ("is-barred", found.name === "no-numbers");
    return found.name;
}

//  Note an answer of /stats. Return the name of the state.
export function noteStats (stats, rate) {
    const at = performance.now () / 1000;
    if (seen.awayAt || (seen.stats && stats.uptimeMs < seen.stats.uptimeMs))
        seen.samples = [];
    seen.samples = [...seen.samples, sampleOf (stats, at)].filter (
        (one) => one.at > at - SAMPLES_SECONDS);
    Object.assign (seen, {stats, isBarred: false, awayAt: null});
    accepted = rate;
    return paint ();
}

//  Note that the gateway does not answer.
export function noteAway () {
    seen.awayAt ??= new Date ();
    paint ();
}

//  Note that the gateway refuses its numbers to this page.
export function noteBarred () {
    Object.assign (seen, {isBarred: true, awayAt: null});
    paint ();
}

//  Note that the stream of events is there, or that it broke.
export function noteEvents (isThere) {
    seen.eventsLostAt = isThere ? null : seen.eventsLostAt ?? new Date ();
    paint ();
}

//  Note how many rockets a page without filters has.
export function noteRockets (count) {
    seen.rockets = count;
    paint ();
}
