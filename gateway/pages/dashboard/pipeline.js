//  The pipeline at a glance: the numbers of GET /stats, and how fast they change.
//  SPDX-License-Identifier: Apache-2.0
import {lineChart} from "./charts.js";
import {History} from "./history.js";
import {NONE, bytes, duration, element, milliseconds, number, parts, percent, show} from "./text.js";

const COLOURS = 8;
const REASONS = 5;

const find = (id) => document.getElementById (id);
const shown = {...parts (find ("rate")), ...parts (find ("latency")), ...parts (find ("buffer")),
    ...parts (find ("refusals"))};

let seconds = 120;  //  that the charts show

function chartOf (tile, series, options) {
    return lineChart (find (tile).querySelector ("canvas"), seconds, series, options);
}

const charts = {
    rate: chartOf ("rate", [{label: "accepted", colour: "--a"}, {label: "saved", colour: "--b"}]),
    latency: chartOf ("latency", [{label: "until accepted, p99 ms", colour: "--a"},
        {label: "until saved, p99 ms", colour: "--b"}, {label: "queries, p99 ms", colour: "--c"}]),
    buffer: chartOf ("buffer", [{label: "messages", colour: "--a"}], {small: true}),
};

const history = new History ();

function draw () {
    const lines = (...names) => names.map ((name) => history.line (name, seconds));
    charts.rate.show (lines ("accepted", "saved"), seconds);
    charts.latency.show (lines ("accept", "apply", "query"), seconds);
    charts.buffer.show (lines ("buffered"), seconds);
}

//  Let the charts show the last seconds.
export function setRange (range) {
    seconds = range;
    draw ();
}

function showGateway (stats) {
    const facts = {version: stats.version, up: duration (Math.floor (stats.uptimeMs / 1000)),
        workers: number (stats.workers), connections: number (stats.connections),
        watching: number (stats.eventStreams)};
    const list = find ("gateway");
    for (const [name, value] of Object.entries (facts)) {
        let place = list.querySelector (`[data-fact=${name}]`);
        if (!place) {
            place = element ("dd");
            place.dataset.fact = name;
            list.append (element ("div", "", element ("dt", "", name), place));
        }
        show (place, value);
    }
}

function showFlow (stats, rate) {
    for (const name of ["accepted", "saved"])
        show (shown[name], rate[name] === null ? NONE : number (rate[name]));
    for (const name of ["accept", "apply", "query"]) {
        const {p50, p99} = stats.latencyMs[name];
        show (shown[name + "50"], milliseconds (p50));
        show (shown[name + "99"], milliseconds (p99));
    }
}

function showUse (name, used, limit, text) {
    const meter = find (name + "-use");
    meter.value = limit ? used / limit : 0;
    meter.title = text;
    show (shown[name + "Use"], percent (meter.value));
}

function showBuffer (stats) {
    const oldest = Math.max (0, ...stats.routing.map ((one) => one.lagSeconds));
    show (shown.buffered, number (stats.buffered));
    show (shown.oldest, stats.buffered ? duration (oldest) : NONE);
    show (shown.waiting, number (stats.waiting));
    showUse ("buffer", stats.buffered, stats.bufferLimit,
        `${number (stats.buffered)} of ${number (stats.bufferLimit)} messages`);
    showUse ("journal", stats.journalBytes, stats.journalLimit,
        `${bytes (stats.journalBytes)} of ${bytes (stats.journalLimit)}`);
}

function showRefusals (stats) {
    for (const name of ["refused", "dropped", "resent"])
        show (shown[name], number (stats[name]));
    shown.dropped.classList.toggle ("bad", stats.dropped > 0);
    const reasons = Object.entries (stats.refusals).sort ((one, other) => other[1] - one[1]);
    show (shown.requests, number (reasons.reduce ((sum, [, count]) => sum + count, 0)));
    const rest = reasons.slice (REASONS).reduce ((sum, [, count]) => sum + count, 0);
    const lines = reasons.slice (0, REASONS);
    if (rest)
        lines.push (["others", rest]);
    find ("reasons").replaceChildren (...(lines.length
        ? lines.map (([name, count]) => element ("li", "", element ("span", "", name),
            element ("b", "", number (count))))
        : [element ("li", "none", "Nothing was refused.")]));
}

//  Give each processor a letter and a colour, by the order of addresses: a processor keeps them.
function named (processors) {
    const sorted = [...processors].sort ((one, other) =>
        one.address.localeCompare (other.address, "en", {numeric: true}));
    return sorted.map ((one, index) => ({...one, colour: index % COLOURS,
        letter: index < 26 ? String.fromCharCode (65 + index) : String (index + 1)}));
}

//  Say where a processor saves its rockets, and so which failures they survive.
function savedOn (store) {
    if (!store)
        return "store unknown";
    const place = {disk: "on disk", memory: "in memory only", server: "on the database server",
        "server and replica": "on the database server and a replica"}[store.savedOn] ?? store.savedOn;
    return store.isAway ? `${store.kind} does not answer` : `state ${place} (${store.kind})`;
}

function processorLine (one) {
    const tag = element ("b", "tag", one.letter);
    tag.dataset.colour = one.colour;
    const heard = one.heardMsAgo === null ? "never heard"
        : one.isUp ? `heard ${duration (one.heardMsAgo / 1000)} ago`
            : `silent for ${duration (one.heardMsAgo / 1000)}`;
    const line = element ("li", one.isUp ? "up" : "down", tag,
        element ("span", "address", one.address),
        element ("span", "lamp", one.isUp ? "up" : "down"),
        element ("span", "note", `${one.owned} owned · ${heard}`),
        element ("span", "note" + (one.store?.isAway ? " bad" : ""), savedOn (one.store)));
    line.title = one.id ? "processor " + one.id : "";
    return line;
}

function partitionCell (one, owner) {
    const cell = element ("li", owner ? "" : "unowned",
        element ("span", "", String (one.partition)),
        element ("b", "", owner ? number (one.lagMessages) : "none"));
    if (owner)
        cell.dataset.colour = owner.colour;
    if (one.lagSeconds > 2)
        cell.classList.add ("late");
    const text = `Partition ${one.partition}, ` + (owner ? `owned by ${owner.letter} ` +
        `(${owner.address}), epoch ${one.epoch}` : "without an owner") +
        `, ${number (one.lagMessages)} messages behind` +
        (one.lagMessages ? `, the oldest ${duration (one.lagSeconds)}` : "");
    cell.title = text;
    cell.setAttribute ("aria-label", text);
    return cell;
}

let routing = [], owners = new Map ();  //  partitions, and processors by id, as told last

//  Return the processor that owns a partition: {letter, address, colour}, or undefined.
export function ownerOf (partition) {
    return owners.get (routing[partition]?.owner);
}

function showOwners (stats) {
    const processors = named (stats.processors);
    routing = stats.routing;
    owners = new Map (processors.map ((one) => [one.id, one]));
    const down = processors.filter ((one) => !one.isUp).length;
    const unowned = stats.routing.filter ((one) => !owners.has (one.owner)).length;
    show (find ("processors-count"), `${processors.length - down} up` +
        (down ? `, ${down} down` : ""));
    show (find ("partitions-count"), `${stats.routing.length}` +
        (unowned ? `, ${unowned} without an owner` : ""));
    find ("partitions-count").classList.toggle ("bad", unowned > 0);
    find ("processors").replaceChildren (...processors.map (processorLine));
    find ("partitions").replaceChildren (...stats.routing.map ((one) =>
        partitionCell (one, owners.get (one.owner))));
}

function showNow (stats) {
    showGateway (stats);
    showFlow (stats, history.newest);
    showBuffer (stats);
    showRefusals (stats);
    showOwners (stats);
    draw ();
    return history.newest.accepted;
}

//  Show an answer of /stats. Return the accepted messages per second; null if that is not known yet.
export function showStats (stats) {
    history.add (stats);
    return showNow (stats);
}

//  Show the answers that the hub got before this page came, at least one, in the same way.
export function showPast ({samples, last}) {
    Object.assign (history, {samples, last});
    return showNow (last);
}

//  Leave a gap in the lines, because the gateway did not answer.
export function showGap () {
    history.gap ();
    for (const name of ["accepted", "saved"])
        show (shown[name], NONE);
    draw ();
}
