//  Describe the state of the whole system in words. health () depends only on GET /stats and on the events
//  that the page has noted: it reads no clock and no page, so a test can call it.
//  SPDX-License-Identifier: Apache-2.0
import {duration, number, timeOfDay} from "./text.js";

const LATE_SECONDS = 5;      //  a message that waits longer is late
const STALL_SECONDS = 5;     //  a longer time without a save is a failure
const RECENT_SECONDS = 5;    //  a refusal is news for so long
const FULL_SHARE = 0.9;      //  of a limit; above, there is hardly room
const GROWTH_SECONDS = 10;   //  the time over which growth counts
const GROWTH_LEAST = 1000;   //  messages; less is the to and fro of every buffer

function count (value, one, many = one + "s") {
    return number (value) + " " + (value === 1 ? one : many);
}

function trouble (level, name, title, sentence) {
    return {level, name, title, sentence};
}

function ups (stats) {
    return stats.processors.filter ((one) => one.isUp && !one.isRefused).length;
}

function waiting (stats) {
    return stats.buffered === 0 ? "messages that come in are accepted and wait"
        : stats.buffered === 1 ? "1 message is accepted and waits"
            : `${number (stats.buffered)} messages are accepted and wait`;
}

//  Return the sample that is so many seconds older than the newest, or the oldest one.
function sampleBefore (samples, seconds) {
    const newest = samples.at (-1);
    return samples.findLast ((one) => one.at <= newest.at - seconds) ?? samples[0];
}

//  Return the fate of messages beyond the buffer: "refused", "dropped", or null if there is room.
function overflow ({stats, samples}) {
    const newest = samples.at (-1), before = sampleBefore (samples, RECENT_SECONDS);
    if (newest.dropped > before.dropped)
        return "dropped";
    const isFull = stats.waiting > 0 || newest.overflows > before.overflows ||
        stats.buffered >= stats.bufferLimit ||
        (stats.journalLimit > 0 && stats.journalBytes >= stats.journalLimit);
    return isFull ? "refused" : null;
}

function noProcessor (seen) {
    const {stats} = seen;
    if (ups (stats) > 0)
        return null;
    if (stats.partitions === 0)
        return trouble ("bad", "no-processor", "No processor", "No processor is up, and the gateway has " +
            "heard of none since it started: it accepts nothing yet.");
    const fate = overflow (seen);
    return trouble ("bad", "no-processor", fate ? "No processor, buffer full" : "No processor", fate
        ? `No processor is up, and the buffer is full: ${count (stats.buffered, "message")} wait, ` +
            `new ones are ${fate}.`
        : `No processor is up: ${waiting (stats)}.`);
}

function diskFull ({stats}) {
    return stats.isJournalDiskFull && trouble ("bad", "disk-full", "Disk full",
        "The disk of the journal is full: nothing is accepted until it has room.");
}

//  Return true if there is hardly room now. It may come and go many times between two answers of /stats.
function isNearlyFull (stats) {
    return stats.waiting > 0 || stats.buffered >= FULL_SHARE * stats.bufferLimit ||
        (stats.journalLimit > 0 && stats.journalBytes >= FULL_SHARE * stats.journalLimit);
}

function bufferFull (seen) {
    const {stats, samples} = seen;
    const fate = ups (stats) > 0 && !stats.isJournalDiskFull && overflow (seen);
    if (!fate)
        return null;
    const newest = samples.at (-1), before = sampleBefore (samples, RECENT_SECONDS);
    const lost = fate === "dropped" ? count (newest.dropped - before.dropped, "message")
        : count (newest.overflows - before.overflows, "request");
    return trouble ("bad", "buffer-full", "Buffer full", isNearlyFull (stats)
        ? `The buffer is full: ${count (stats.buffered, "message")} wait for the processors, new ones are ${fate}.`
        : `The buffer is full at times: ${lost} ${fate} in the last ${RECENT_SECONDS} s. ` +
            `${count (stats.buffered, "message")} wait now.`);
}

function storeAway ({stats}) {
    const away = stats.alarms.awayStores;
    return away > 0 && trouble ("bad", "store-away", "Store away",
        `The store of ${number (away)} of ${count (stats.processors.length, "processor")} does not ` +
        `answer: ${waiting (stats)}.`);
}

function busAway ({stats}) {
    const fate = stats.partitions === 0 ? "nothing is accepted yet" : waiting (stats);
    return stats.bus.kind !== "zmq" && stats.bus.isAway && trouble ("bad", "bus-away", "Bus away",
        `The bus (${stats.bus.kind}) does not answer the gateway: ${fate}.`);
}

function busFault ({stats}) {
    const {fault, isAway} = stats.bus;
    return !isAway && fault && trouble ("bad", "bus-fault", "Bus fault",
        `The gateway sends nothing: ${fault}. ${number (stats.buffered)} messages wait.`);
}

//  Return the seconds without a save while something waited, as far as the samples tell.
function secondsWithoutSave (samples) {
    const newest = samples.at (-1);
    const last = samples.findLastIndex (
        (one) => one.saved !== newest.saved || one.buffered === 0);
    return newest.at - (samples[last + 1] ?? newest).at;
}

//  Return true if all that waits has an owner whose store answers.
function couldSave (stats) {
    return ups (stats) > 0 && stats.alarms.awayStores === 0 && !stats.bus.isAway && !stats.bus.fault &&
        stats.routing.every ((one) => one.owner || one.lagMessages === 0);
}

function savesFail ({stats, samples}) {
    const seconds = Math.floor (secondsWithoutSave (samples));
    return couldSave (stats) && stats.buffered > 0 && seconds >= STALL_SECONDS &&
        trouble ("bad", "saves-fail", "Saves fail", `Nothing has been saved for ${duration (seconds)}: ` +
            `${waiting (stats)}. The logs of the processors say why.`);
}

function noOwner ({stats}) {
    const without = stats.routing.filter ((one) => !one.owner);
    const lag = without.reduce ((sum, one) => sum + one.lagMessages, 0);
    return ups (stats) > 0 && without.length > 0 && trouble ("warn", "no-owner", "No owner",
        `${number (without.length)} of ${count (stats.routing.length, "partition")} ` +
        `${without.length === 1 ? "has" : "have"} no owner: ${waiting ({buffered: lag})}.`);
}

function lagGrows (seen) {
    const {stats, samples} = seen;
    if (!couldSave (stats) || savesFail (seen))
        return null;
    const newest = samples.at (-1), before = sampleBefore (samples, GROWTH_SECONDS);
    const growth = (newest.buffered - before.buffered) / Math.max (newest.at - before.at, 1);
    const grows = newest.at - before.at >= GROWTH_SECONDS &&
        newest.buffered - before.buffered >= GROWTH_LEAST;
    const oldest = Math.max (0, ...stats.routing.map ((one) => one.lagSeconds));
    if (!grows && oldest < LATE_SECONDS)
        return null;
    return trouble ("warn", "lag", grows ? "Lag grows" : "Lag",
        `The processors are behind: ${waiting (stats)}, the oldest for ${duration (oldest)}` +
        (grows ? `, and each second there are ${number (growth)} more.` : "."));
}

function alarm (level, name, title, sentence) {
    return ({stats}) => stats.alarms[name] > 0 &&
        trouble (level, name, title, sentence (stats.alarms[name], stats.alarms[name] === 1));
}

const ALARMS = [
    alarm ("bad", "contestedPartitions", "Two owners", (value) =>
        `Two processors claim the same partition, at ${count (value, "partition")}.`),
    alarm ("bad", "unlistedProcessors", "Unlisted processor", (value, isOne) =>
        `${count (value, "processor")} ${isOne ? "is" : "are"} not in --processors of the gateway: messages for ` +
        `${isOne ? "its" : "their"} partitions wait.`),
    alarm ("bad", "fullProcessors", "Processor full", (value, isOne) =>
        `${count (value, "processor")} ${isOne ? "is" : "are"} full: messages of new rockets are refused.`),
    alarm ("warn", "refusedProcessors", "Processor refused", (value, isOne) => `${count (value, "processor")} ` +
        `${isOne ? "is refused, as it keeps" : "are refused, as they keep"} another state.`),
    alarm ("warn", "implausibleClaims", "Claim ignored", (value, isOne) =>
        `${count (value, "claim of a partition", "claims of partitions")} ${isOne ? "is" : "are"} ignored, for an ` +
        "impossible epoch."),
    ({stats}) => stats.setAsideFrames > 0 && trouble ("warn", "set-aside", "Frames refused",
        `${count (stats.setAsideFrames, "frame")} ${stats.setAsideFrames === 1 ? "is" : "are"} set aside: a processor ` +
        "refuses what is in there, and its log says why."),
];

function someDown ({stats}) {
    const down = stats.processors.filter ((one) => !one.isUp).length;
    return ups (stats) > 0 && down > 0 && trouble ("warn", "down", "Live",
        `${number (down)} of ${count (stats.processors.length, "processor")} ` +
        `${down === 1 ? "is" : "are"} down.`);
}

function noUpdates ({eventsLostAt}) {
    return eventsLostAt && trouble ("warn", "no-updates", "Catching up",
        `No updates of rockets since ${timeOfDay (eventsLostAt)}; trying again.`);
}

function away (since) {
    return trouble ("bad", "away", "Gateway away", "The gateway has not answered since " +
        `${timeOfDay (since)}. This page shows what it knew then, and goes on when it is back.`);
}

const NO_NUMBERS = trouble ("warn", "no-numbers", "No numbers", "The token of this page lacks the scope stats: " +
    "the page shows rockets, and no numbers of the gateway and its processors.");
const LOADING = trouble ("busy", "loading", "Loading", "Loading …");
const EMPTY = trouble ("good", "empty", "Ready", "No rocket has sent anything yet.");
const LIVE = trouble ("good", "live", "Live", "All is well.");

//  The worst first, within each level. The title of the first one stands for all.
const CHECKS = [busAway, busFault, noProcessor, diskFull, bufferFull, storeAway, savesFail, noOwner, lagGrows, ...ALARMS,
    noUpdates, someDown];

//  Keep of an answer of /stats what tells a trend.
export function sampleOf (stats, at) {
    return {at, buffered: stats.buffered, saved: stats.saved, dropped: stats.dropped,
        overflows: stats.refusals["buffer-full"] ?? 0};
}

//  Return {level, name, title, sentence, troubles}: level is good, busy, warn or bad, the title a
//  word or two, troubles all that is wrong, the worst first. seen:
//    stats          the last answer of GET /stats, or null
//    samples        sampleOf () of the last answers, the newest last; at is in seconds
//    isBarred       true if the gateway refuses its numbers to this page
//    awayAt         when the gateway ceased to answer, as a Date, or null
//    eventsLostAt   when the stream of events broke, or null
//    rockets        how many rockets an unfiltered page shows, or null if none has come yet
export function health (seen) {
    const {stats, awayAt, isBarred, rockets} = seen;
    const troubles = awayAt ? [away (awayAt)] : isBarred ? [NO_NUMBERS]
        : stats ? CHECKS.map ((check) => check (seen)).filter (Boolean) : [];
    troubles.sort ((one, other) => (one.level === "warn") - (other.level === "warn"));
    const calm = !stats || rockets === null ? LOADING : rockets === 0 ? EMPTY : LIVE;
    return {...(troubles[0] ?? calm), troubles};
}
