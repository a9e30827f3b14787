//  The page as a whole: its address, the keyboard, and where to show what the hub sends.
//  SPDX-License-Identifier: Apache-2.0
import {followCards} from "./cards.js";
import {offerFirstRocket} from "./first.js";
import {Link} from "./link.js";
import {ownerOf, setRange, showGap, showPast, showStats} from "./pipeline.js";
import {Histories, RocketView} from "./rocket.js";
import {RocketTable} from "./rockets.js";
import {followSession} from "./session.js";
import {noteAway, noteBarred, noteEvents, noteRockets, noteStats} from "./status.js";

const DEFAULTS = {sort: "id", search: "", status: "", type: "", mission: "", rows: "25", page: "1",
    after: ""};
const RANGES = {"2m": 120, "15m": 900, "1h": 3600};  //  seconds that the charts show
const RANGE = "2m";

const find = (id) => document.getElementById (id);
const histories = new Histories ();
const opened = new RocketView (histories, ownerOf);

//  Read the view, the open rocket and the range of the charts from the address, behind #, so that
//  users can bookmark and share them.
function readAddress () {
    const parameters = new URLSearchParams (location.hash.slice (1));
    const view = {...DEFAULTS};
    for (const name of Object.keys (DEFAULTS))
        view[name] = parameters.get (name) ?? DEFAULTS[name];
    const range = parameters.get ("charts");
    return {view, rocket: parameters.get ("rocket") ?? "", range: RANGES[range] ? range : RANGE};
}

function address ({view, rocket, range}) {
    const parameters = new URLSearchParams ();
    for (const [name, value] of Object.entries ({...view, rocket, charts: range}))
        if (value && value !== {...DEFAULTS, charts: RANGE}[name])
            parameters.set (name, value);
    return "#" + parameters;
}

let current = {view: DEFAULTS, rocket: "", range: null};

//  Go to another address. The button Back of the browser returns from pages and rockets, not from
//  each letter of a search.
function go (changed, isStep) {
    const target = address ({...current, ...changed});
    if (isStep)
        history.pushState (null, "", target);
    else
        history.replaceState (null, "", target);
    follow ();
}

const table = new RocketTable ({
    view: DEFAULTS,
    histories,
    onChange: (view, isStep) => go ({view}, isStep),
    onRows: (count) => {
        noteRockets (count);
        followRockets ();
    },
    linkTo: (rocket) => address ({...current, rocket}),
});
let isFirst = true;

function follow () {
    const wanted = readAddress ();
    const left = current.rocket;
    const isOther = isFirst || JSON.stringify (wanted.view) !== JSON.stringify (current.view);
    const isOtherRange = wanted.range !== current.range;
    isFirst = false;
    current = wanted;
    if (isOther)
        table.setView (wanted.view);
    if (isOtherRange) {
        find ("range").elements.range.value = wanted.range;
        setRange (RANGES[wanted.range]);
        opened.setRange (RANGES[wanted.range]);
        table.linkAgain ();
    }
    find ("close").href = address ({...wanted, rocket: ""});
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
        if (!past.last)
            return;
        noteStats (past.last, showPast (past));
        table.showTotals (past.last.rockets);
    },
    stats (stats) {
        if (noteStats (stats, showStats (stats)) === "no-processor")
            table.setStale (true);
        table.showTotals (stats.rockets);
        if (failures > 0)
            table.load ();
        failures = 0;
        opened.tick ();
    },
    isBarred () {
        noteBarred ();
        table.showTotals (null);
    },
    isSignedOut: () => location.reload (),
    failures (count) {
        failures = count;
        showGap ();
        if (failures > 1) {
            noteAway ();
            table.setStale (true);
        }
        opened.tick ();
    },
    rockets (rockets) {
        for (const rocket of rockets) {
            table.update (rocket);
            opened.update (rocket);
        }
    },
    removed (ids) {
        for (const id of ids) {
            table.remove (id);
            opened.remove (id);
            histories.forget (id);
        }
    },
    hasEvents (isThere) {
        //  A new stream does not tell of rockets that were removed while there was no stream.
        if (isThere && opened.id)
            opened.load ();
        noteEvents (isThere);
    },
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
find ("range").addEventListener ("change", (event) => go ({range: event.target.value}));
document.addEventListener ("visibilitychange", () => document.hidden || table.load ());
window.addEventListener ("hashchange", follow);
offerFirstRocket ();
followSession ();
followCards ();
follow ();
