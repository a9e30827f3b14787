//  The view of one rocket, and the speeds that the page has seen since a user opened it.
//  SPDX-License-Identifier: Apache-2.0
import {askRocket} from "./api.js";
import {lineChart} from "./charts.js";
import {NONE, countOf, number, parts, sentAt, show, timeOfDay} from "./text.js";

const KEPT_SECONDS = 3600;
const TREND_SECONDS = 300;
const APART_SECONDS = 0.5;
const SPEEDS_MAX = 600;  //  of a rocket; beyond, the older half loses every other one
const ROCKETS_MAX = 500;
const RANGES_MAX = 60;
const SVG = "http://www.w3.org/2000/svg";

//  The speeds of the rockets that the page shows or has shown. Above ROCKETS_MAX, forget the rocket
//  that changed longest ago.
export class Histories {
    constructor () {
        this.speeds = new Map ();
    }

    add (rocket) {
        const now = performance.now () / 1000;
        const speeds = this.speeds.get (rocket.id) ?? [];
        const last = speeds.at (-1);
        this.speeds.delete (rocket.id);
        this.speeds.set (rocket.id, speeds);
        if (last?.speed === rocket.speed)
            return;
        if (last && speeds.length > 1 && now - last.at < APART_SECONDS)
            last.speed = rocket.speed;
        else
            speeds.push ({at: now, speed: rocket.speed});
        while (speeds.length > 1 && speeds[1].at < now - KEPT_SECONDS)
            speeds.shift ();
        if (speeds.length > SPEEDS_MAX)
            this.speeds.set (rocket.id,
                speeds.filter ((_, index) => index > SPEEDS_MAX / 2 || index % 2 === 0));
        if (this.speeds.size > ROCKETS_MAX)
            this.speeds.delete (this.speeds.keys ().next ().value);
    }

    forget (id) {
        this.speeds.delete (id);
    }

    //  Return the speeds of the last seconds as points {x: seconds, 0 is now, y: speed}, up to now.
    line (id, seconds) {
        const now = performance.now () / 1000;
        const speeds = this.speeds.get (id) ?? [];
        const first = Math.max (0, speeds.findLastIndex ((one) => one.at <= now - seconds));
        const line = speeds.slice (first).map (
            (one) => ({x: Math.max (one.at - now, -seconds), y: one.speed}));
        return line.length ? [...line, {x: 0, y: line.at (-1).y}] : [];
    }

    since (id) {
        return this.speeds.get (id)?.[0]?.at;
    }

    //  Return the speeds as the points of a polyline in a box.
    points (id, width, height) {
        const line = this.line (id, TREND_SECONDS);
        if (line.length < 3)
            return "";
        const speeds = line.map ((point) => point.y);
        const low = Math.min (...speeds), high = Math.max (...speeds);
        const span = high - low || 1, start = line[0].x || -1;
        return line.map (({x, y}) => ((1 - x / start) * (width - 2) + 1).toFixed (1) + "," +
            ((high - y) / span * (height - 4) + 2).toFixed (1)).join (" ");
    }
}

export class RocketView {
    //  ownerOf (partition) returns the processor that owns it, see pipeline.js.
    constructor (histories, ownerOf) {
        this.histories = histories;
        this.ownerOf = ownerOf;
        this.root = document.getElementById ("rocket");
        this.title = document.getElementById ("rocket-id");
        this.shown = parts (this.root);
        this.id = null;
        this.rocket = null;
        this.partition = null;
        this.seconds = TREND_SECONDS;
    }

    //  Let the chart show the last seconds, and not less than it has room for.
    setRange (seconds) {
        this.seconds = Math.max (seconds, TREND_SECONDS);
        this.tick ();
    }

    //  Show a rocket; id null closes the view. known: the rocket in the table, or undefined.
    async open (id, known) {
        this.id = id;
        this.rocket = null;
        this.partition = null;
        this.isLoaded = false;
        this.isRemoved = false;
        this.root.hidden = !id;
        document.body.classList.toggle ("has-rocket", Boolean (id));
        if (!id)
            return;
        show (this.title, id);
        this.clear ();
        this.chart ??= lineChart (this.root.querySelector ("canvas"), TREND_SECONDS,
            [{label: "speed", colour: "--a"}], {stepped: true});
        if (known)
            this.update (known);
        this.title.focus ({preventScroll: true});
        this.root.scrollIntoView ({block: "nearest"});
        await this.load ();
    }

    async load () {
        const {id, rocket} = this;
        try {
            const {isOk, headers, body} = await askRocket (id);
            if (id !== this.id)
                return;
            this.isLoaded = true;
            this.partition = headers.get ("Downlink-Partition");
            if (isOk && body.rockets.length > 0)
                this.update (body.rockets[0]);
            else if (isOk && rocket && rocket === this.rocket)
                this.remove (id);
            else if (isOk && !this.rocket && !this.isRemoved)
                show (this.shown.reason,
                    "There is no rocket with this id yet. It will show here when it sends something.");
        } catch {
            //  The top of the page says what is wrong; the next event brings the rocket.
        }
    }

    //  Say that the rocket was removed. It may come again, as another one of the same id.
    remove (id) {
        if (id !== this.id)
            return;
        this.rocket = null;
        this.isRemoved = true;
        this.histories.forget (id);
        this.clear ();
        show (this.shown.reason, "This rocket was removed at " + timeOfDay (new Date ()) + ".");
    }

    clear () {
        for (const part of Object.values (this.shown))
            part.replaceChildren ();
        this.shown.status.hidden = true;
        this.root.classList.add ("is-none");
        show (this.shown.reason, "Loading …");
        this.tick ();
    }

    update (rocket) {
        if (rocket.id !== this.id ||
            (this.rocket && rocket.messagesApplied < this.rocket.messagesApplied))
            return;
        const isNew = this.root.classList.contains ("is-none");
        this.rocket = rocket;
        this.root.classList.remove ("is-none");
        this.histories.add (rocket);
        const texts = {
            status: rocket.status, reason: rocket.explosionReason ?? "",
            speed: number (rocket.speed), type: rocket.type ?? NONE, mission: rocket.mission ?? NONE,
            last: "no. " + number (rocket.lastMessageNumber),
            time: sentAt (rocket.lastMessageTime),
            applied: number (rocket.messagesApplied), conflicts: number (rocket.conflicts),
        };
        for (const [name, text] of Object.entries (texts))
            show (this.shown[name], text);
        this.shown.status.hidden = false;
        this.shown.status.dataset.status = rocket.status;
        this.shown.conflicts.classList.toggle ("bad", rocket.conflicts > 0);
        this.showMissing (rocket);
        this.tick ();
        if (isNew && this.isLoaded && this.partition === null)
            this.load ();  //  the rocket is new, so ask for its partition
    }

    showMissing ({missing, lastMessageNumber}) {
        const count = countOf (missing);
        show (this.shown.missingCount, count ? number (count) : "none");
        const texts = missing.slice (0, RANGES_MAX).map (([first, last]) =>
            first === last ? String (first) : first + "–" + last);
        if (missing.length > RANGES_MAX)
            texts.push (`and ${number (missing.length - RANGES_MAX)} more gaps`);
        show (this.shown.missing, texts.join (", "));
        this.shown.strip.replaceChildren (...missing.map (([first, last]) => {
            const gap = document.createElementNS (SVG, "rect");
            gap.setAttribute ("x", (first - 1) / lastMessageNumber * 1000);
            gap.setAttribute ("width", Math.max ((last - first + 1) / lastMessageNumber * 1000, 2));
            gap.setAttribute ("height", 10);
            return gap;
        }));
    }

    //  Move the chart to the present time.
    tick () {
        if (!this.id || !this.chart)
            return;
        const owner = this.partition === null ? null : this.ownerOf (this.partition);
        show (this.shown.owner, this.partition === null ? NONE : owner
            ? `${owner.letter} · ${owner.address}` : "none at the moment");
        show (this.shown.partition, this.partition ?? NONE);
        const line = this.histories.line (this.id, this.seconds);
        const seen = line.length ? -line[0].x : 0;
        this.chart.show ([line], Math.min (this.seconds, Math.max (60, 30 * Math.ceil (seen / 30))));
        const since = this.histories.since (this.id);
        show (this.shown.since, since === undefined ? "" : "Speeds that this page has seen since " +
            timeOfDay (Date.now () - (performance.now () - since * 1000)));
    }
}
