//  The page as a whole: its address, the event stream and the polls.
//  SPDX-License-Identifier: Apache-2.0
import {askStats, openEvents} from "./api.js";
import {offerFirstRocket} from "./first.js";
import {showGap, showStats} from "./pipeline.js";
import {Histories, RocketView} from "./rocket.js";
import {RocketTable} from "./rockets.js";
import {noteAway, noteEvents, noteRockets, noteStats} from "./status.js";

const POLL_MS = 1000;
const PAINT_MS = 200;
const AGAIN_MS = 2000;
const DEFAULTS = {sort: "id", search: "", status: "", type: "", mission: ""};

const find = (id) => document.getElementById (id);
const wait = (ms) => new Promise ((resolve) => setTimeout (resolve, ms));
const histories = new Histories ();
const opened = new RocketView (histories);

//  Read the view and the open rocket from the address, behind #, so that users can bookmark and
//  share them.
function readAddress () {
    const parameters = new URLSearchParams (location.hash.slice (1));
    const view = {...DEFAULTS};
    for (const name of Object.keys (DEFAULTS))
        view[name] = parameters.get (name) ?? DEFAULTS[name];
    return {view, rocket: parameters.get ("rocket") ?? ""};
}

function address (view, rocket) {
    const parameters = new URLSearchParams ();
    for (const [name, value] of Object.entries ({...view, rocket}))
        if (value && value !== DEFAULTS[name])
            parameters.set (name, value);
    return "#" + parameters;
}

let current = {view: null, rocket: ""};
const table = new RocketTable ({
    view: DEFAULTS,
    histories,
    onChange: (view) => {
        history.replaceState (null, "", address (view, current.rocket));
        follow ();
    },
    onCount: noteRockets,
    linkTo: (id) => address (current.view, id),
});

function follow () {
    const wanted = readAddress ();
    const left = current.rocket;
    const isOther = JSON.stringify (wanted.view) !== JSON.stringify (current.view);
    current = wanted;
    if (isOther)
        table.setView (wanted.view);
    find ("close").href = address (wanted.view, "");
    if (wanted.rocket !== (opened.id ?? "")) {
        opened.open (wanted.rocket || null, table.rocket (wanted.rocket));
        if (!wanted.rocket)
            table.focusOn (left);
    }
    table.mark (wanted.rocket);
}

//  The visible rockets that have changed since the last painting.
const changed = new Map ();
let painting = 0;

function paint () {
    painting = 0;
    for (const rocket of changed.values ()) {
        histories.add (rocket);
        table.update (rocket);
        opened.update (rocket);
    }
    changed.clear ();
}

//  Return the id of a rocket without parsing its event: the page shows few of the rockets that
//  change.
function idOf (text) {
    const id = text.slice (7, text.indexOf ('"', 7));
    return id.includes ("\\") ? JSON.parse (text).id : id;
}

function take (event) {
    const id = idOf (event.data);
    if (!table.has (id) && id !== opened.id && !histories.has (id))
        return;
    changed.set (id, JSON.parse (event.data));
    painting ||= setTimeout (paint, PAINT_MS);
}

function listen () {
    const events = openEvents ();
    events.addEventListener ("open", () => noteEvents (true));
    events.addEventListener ("rocket", take);
    events.addEventListener ("error", () => {
        noteEvents (false);
        if (events.readyState === EventSource.CLOSED)
            setTimeout (listen, AGAIN_MS);
    });
}

async function poll () {
    let failures = 0;
    for (;;) {
        const began = performance.now ();
        try {
            const stats = await askStats ();
            noteStats (stats, showStats (stats));
            if (failures > 0)
                table.load ();
            failures = 0;
        } catch {
            failures++;
            showGap ();
            if (failures > 1)
                noteAway ();
        }
        opened.tick ();
        await wait (Math.max (100, POLL_MS - (performance.now () - began)));
    }
}

document.addEventListener ("keydown", (event) => {
    if (event.key === "Escape" && opened.id)
        location.hash = find ("close").hash;
    if (event.key === "/" && !event.target.closest ("input, select")) {
        event.preventDefault ();
        find ("filters").elements.search.focus ();
    }
});
document.querySelector (".skip").addEventListener ("click", (event) => {
    event.preventDefault ();
    find ("rockets").focus ();
});
window.addEventListener ("hashchange", follow);
offerFirstRocket ();
follow ();
listen ();
poll ();
