//  The page as a whole: its address, the keyboard, and where to show what the hub sends.
//  SPDX-License-Identifier: Apache-2.0
import {offerFirstRocket} from "./first.js";
import {Link} from "./link.js";
import {showGap, showPast, showStats} from "./pipeline.js";
import {Histories, RocketView} from "./rocket.js";
import {RocketTable} from "./rockets.js";
import {noteAway, noteEvents, noteRockets, noteStats} from "./status.js";

const DEFAULTS = {sort: "id", search: "", status: "", type: "", mission: ""};

const find = (id) => document.getElementById (id);
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
    onRows: (count) => {
        noteRockets (count);
        followRockets ();
    },
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
        followRockets ();
    }
    table.mark (wanted.rocket);
}

//  Follow the rockets on the screen.
function followRockets () {
    link.follow ([...new Set ([...table.ids (), ...opened.id ? [opened.id] : []])]);
}

let failures = 0;
const link = new Link ({
    past (past) {
        if (past.last)
            noteStats (past.last, showPast (past));
    },
    stats (stats) {
        noteStats (stats, showStats (stats));
        if (failures > 0)
            table.load ();
        failures = 0;
        opened.tick ();
    },
    failures (count) {
        failures = count;
        showGap ();
        if (failures > 1)
            noteAway ();
        opened.tick ();
    },
    rockets (rockets) {
        for (const rocket of rockets) {
            table.update (rocket);
            opened.update (rocket);
        }
    },
    hasEvents: noteEvents,
});

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
document.addEventListener ("visibilitychange", () => document.hidden || table.load ());
window.addEventListener ("hashchange", follow);
offerFirstRocket ();
follow ();
