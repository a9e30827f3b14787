//  The link of all tabs of a browser to the gateway: one poll of /stats and one stream of events for
//  all of them, as a browser has six connections to a server. It runs in a SharedWorker (shared.js);
//  without one, each tab has a hub of its own.
//
//  A tab sends {ids, isHidden}, the rockets that it shows, at each change and now and then; and
//  {isOver: true} at its end. The hub sends
//    {past}       {samples, last} so far, see history.js; the answer to a new tab
//    {stats}      an answer of /stats
//    {isBarred}   true, as the gateway refuses its numbers to this browser
//    {isSignedOut} true, as the token is no longer valid
//    {failures}   how many polls in a row have had no answer
//    {rockets}    the newest states of the tab's rockets that changed
//    {removed}    the ids of the tab's rockets that were removed
//    {hasEvents}  true if the stream of events is open, false if it broke
//  SPDX-License-Identifier: Apache-2.0
import {askStats, openEvents} from "./api.js";
import {History} from "./history.js";

const POLL_MS = 1000;
const POLL_SELDOM_MS = 5000;   //  while all tabs are hidden, or the gateway refuses its numbers
const FLUSH_MS = 200;
const PLAN_MS = 50;
const AGAIN_MS = 2000;
const SILENT_MS = 180000;     //  browsers slow hidden tabs down to a call a minute
const STREAM_IDS = 250;       //  a gateway takes 256 in a stream,
const STREAM_LETTERS = 6000;  //  and 8,192 bytes in the head of a request
const STREAMS = 3;            //  rockets beyond are shown as the lists have them
const SPARE_IDS = 100;

//  Divide ids into lists, each for one stream. Return at most STREAMS of them.
export function divide (ids) {
    const lists = [];
    let letters = Infinity;
    for (const id of ids) {
        const length = encodeURIComponent (id).length + 1;
        if (letters + length > STREAM_LETTERS || lists.at (-1).length === STREAM_IDS) {
            lists.push ([]);
            letters = 0;
        }
        letters += length;
        lists.at (-1).push (id);
    }
    return lists.slice (0, STREAMS);
}

export class Hub {
    constructor () {
        this.tabs = new Map ();       //  port to {ids, isHidden, at}
        this.history = new History ();
        this.failures = 0;
        this.streams = [];            //  {events, ids, isOpen}
        this.changed = new Map ();    //  rockets by id, since the last flush
        this.hasEvents = null;
    }

    //  Serve a tab at the other end of a MessagePort.
    join (port) {
        port.onmessage = ({data}) => this.hear (port, data);
        const {samples, last} = this.history;
        port.postMessage ({past: {samples, last}});
        if (this.hasEvents !== null)
            port.postMessage ({hasEvents: this.hasEvents});
    }

    hear (port, {ids, isHidden, isOver}) {
        if (isOver)
            this.tabs.delete (port);
        else
            this.tabs.set (port, {ids: new Set (ids), isHidden, at: Date.now ()});
        this.planning ??= setTimeout (() => this.plan (), PLAN_MS);
        if (this.tabs.size && !this.polling)
            this.poll ();
    }

    tell (message) {
        for (const port of this.tabs.keys ())
            port.postMessage (message);
    }

    async poll () {
        this.polling = true;
        const began = Date.now ();
        let isBarred = false;
        try {
            const stats = await askStats ();
            this.failures = 0;
            this.history.add (stats);
            this.tell ({stats});
        } catch (error) {
            this.history.gap ();
            isBarred = error.status === 403;
            this.tell (isBarred ? {isBarred} : error.status === 401 ? {isSignedOut: true} : {failures: ++this.failures});
        }
        const isHidden = this.forget ().every ((tab) => tab.isHidden);
        if (this.tabs.size)
            setTimeout (() => this.poll (), Math.max (100,
                (isHidden || isBarred ? POLL_SELDOM_MS : POLL_MS) - (Date.now () - began)));
        else
            this.polling = false;
    }

    //  Forget the tabs that are silent: a browser tells nobody that it ended one. Return the others.
    forget () {
        for (const [port, tab] of this.tabs)
            if (Date.now () - tab.at > SILENT_MS)
                this.hear (port, {isOver: true});
        return [...this.tabs.values ()];
    }

    //  Make the streams carry the rockets that the tabs show. Keep streams that carry these and few others.
    plan () {
        this.planning = null;
        const wanted = new Set ([...this.tabs.values ()].flatMap ((tab) => [...tab.ids]));
        const carried = new Set (this.streams.flatMap ((stream) => stream.ids));
        const lacks = divide (wanted).flat ().some ((id) => !carried.has (id));
        if (!lacks && carried.size <= wanted.size + SPARE_IDS && wanted.size)
            return;
        for (const stream of this.streams)
            stream.events.close ();
        this.streams = divide (wanted).map ((ids) => ({ids, isOpen: false}));
        this.streams.forEach ((stream) => this.listen (stream));
    }

    listen (stream) {
        const events = openEvents (stream.ids);
        stream.events = events;
        events.addEventListener ("open", () => this.opened (stream, true));
        events.addEventListener ("rocket", (event) => this.take (JSON.parse (event.data)));
        events.addEventListener ("removed", (event) => this.remove (JSON.parse (event.data).id));
        events.addEventListener ("error", () => {
            this.opened (stream, false);
            if (events.readyState === EventSource.CLOSED)
                setTimeout (() => this.streams.includes (stream) && this.listen (stream), AGAIN_MS);
        });
    }

    opened (stream, isOpen) {
        stream.isOpen = isOpen;
        const hasEvents = this.streams.every ((one) => one.isOpen);
        if (hasEvents || !isOpen)
            this.tell ({hasEvents: this.hasEvents = hasEvents});
    }

    take (rocket) {
        this.changed.set (rocket.id, rocket);
        this.flushing ??= setTimeout (() => this.flush (), FLUSH_MS);
    }

    //  Pass on that a rocket was removed; no older state of the rocket may follow.
    remove (id) {
        this.changed.delete (id);
        for (const [port, tab] of this.tabs)
            if (tab.ids.has (id))
                port.postMessage ({removed: [id]});
    }

    flush () {
        this.flushing = null;
        for (const [port, tab] of this.tabs) {
            const rockets = [...this.changed.values ()].filter ((one) => tab.ids.has (one.id));
            if (rockets.length)
                port.postMessage ({rockets});
        }
        this.changed.clear ();
    }
}
