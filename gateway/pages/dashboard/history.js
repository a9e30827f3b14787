//  The numbers of /stats over the last hour, a sample each second.
//  SPDX-License-Identifier: Apache-2.0

const KEPT_SECONDS = 3600;
const POINTS_MAX = 150;
const NONE = {accepted: null, saved: null, accept: null, apply: null, query: null, buffered: null};
const RATES = ["accepted", "saved"];  //  the mean stands for several; of others, the largest

export class History {
    constructor () {
        this.samples = [];  //  {at: seconds since 1970, accepted and saved per second, accept, apply
                            //  and query: p99 in milliseconds, buffered}, in order of time
        this.last = null;   //  the last answer
    }

    //  Note an answer.
    add (stats) {
        const {accept, apply, query} = stats.latencyMs;
        this.push ({...this.rates (stats), accept: accept.p99, apply: apply.p99, query: query.p99,
            buffered: stats.buffered});
        this.last = stats;
    }

    //  Note that no answer came: the lines have a gap.
    gap () {
        this.push (NONE);
        this.last = null;
    }

    push (sample) {
        const at = Date.now () / 1000;
        this.samples.push ({at, ...sample});
        if (this.samples[0].at < at - KEPT_SECONDS)
            this.samples.shift ();
    }

    //  Return the rates since the last answer; null if the gateway has restarted since.
    rates (stats) {
        const seconds = this.last && (stats.uptimeMs - this.last.uptimeMs) / 1000;
        if (!seconds || seconds < 0 || stats.accepted < this.last.accepted)
            return {accepted: null, saved: null};
        return {accepted: (stats.accepted - this.last.accepted) / seconds,
            saved: (stats.saved - this.last.saved) / seconds};
    }

    get newest () {
        return this.samples.at (-1) ?? NONE;
    }

    //  Return the line of a number over the last seconds, as points {x: seconds, 0 is now, y}. y is
    //  NaN where it is not known.
    line (name, seconds) {
        const now = Date.now () / 1000, step = Math.max (1, seconds / POINTS_MAX);
        const points = [];
        let slot = null;
        for (const sample of this.samples) {
            if (sample.at < now - seconds - step)
                continue;
            const place = Math.floor (sample.at / step);
            if (step === 1 || place !== slot?.place)
                points.push (slot = {place, at: sample.at, values: []});
            if (sample[name] !== null)
                slot.values.push (sample[name]);
        }
        return points.map (({at, values}) => ({x: at - now, y: !values.length ? NaN
            : RATES.includes (name) ? values.reduce ((sum, one) => sum + one) / values.length
                : Math.max (...values)}));
    }
}
