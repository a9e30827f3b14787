//  The page as a whole: its address, the event stream, the polls, and the banner that reports an
//  unreachable gateway.
//  SPDX-License-Identifier: Apache-2.0
import {showGap, showStats} from "./pipeline.js";
import {Histories, RocketView} from "./rocket.js";
import {RocketTable} from "./rockets.js";
import {number, show, timeOfDay} from "./text.js";

const POLL_MS = 1000;
const PATIENCE_MS = 5000;
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

//  The current troubles: name to the time of the beginning.
const troubles = new Map ();

function trouble (name, isThere) {
    if (isThere && !troubles.has (name))
        troubles.set (name, new Date ());
    else if (!isThere)
        troubles.delete (name);
    const since = [...troubles.values ()][0];
    find ("banner").hidden = !since;
    if (since)
        show (find ("banner"), troubles.has ("stats")
            ? `The gateway has not answered since ${timeOfDay (since)}. This page shows the last known ` +
              "state and continues when the gateway is back."
            : `No updates of rockets since ${timeOfDay (since)}; trying again.`);
    showLink ();
}

let updates = 0;
let isLive = false;
let isWhole = false;  //  the stream has sent all rockets that existed when it began

function showLink (perSecond) {
    const link = find ("link");
    const state = troubles.has ("stats") ? "away" : isLive ? "live" : "off";
    link.dataset.state = state;
    show (link.querySelector ("b"), {away: "Away", live: "Live", off: "Connecting"}[state]);
    if (state !== "live")
        show (link.querySelector ("span"), "");
    else if (perSecond !== undefined)
        show (link.querySelector ("span"), isWhole ? number (perSecond) + " updates/s" : "catching up");
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
    updates++;
    const id = idOf (event.data);
    if (!table.has (id) && id !== opened.id && !histories.has (id))
        return;
    changed.set (id, JSON.parse (event.data));
    painting ||= setTimeout (paint, PAINT_MS);
}

function listen () {
    const events = new EventSource ("events");
    isWhole = false;
    events.addEventListener ("open", () => {
        isLive = true;
        trouble ("events", false);
    });
    events.addEventListener ("rocket", take);
    events.addEventListener ("synced", () => { isWhole = true; });
    events.addEventListener ("reset", () => { isWhole = false; });
    events.addEventListener ("error", () => {
        isLive = false;
        trouble ("events", true);
        if (events.readyState === EventSource.CLOSED)
            setTimeout (listen, AGAIN_MS);
    });
}

async function poll () {
    let failures = 0;
    for (;;) {
        const began = performance.now ();
        try {
            const answer = await fetch ("stats",
                {cache: "no-store", signal: AbortSignal.timeout (PATIENCE_MS)});
            showStats (await answer.json ());
            if (failures > 0)
                table.load ();
            failures = 0;
        } catch {
            failures++;
            showGap ();
        }
        trouble ("stats", failures > 1);
        showLink (updates);
        updates = 0;
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
follow ();
listen ();
poll ();
