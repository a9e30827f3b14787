//  Numbers, times and elements as the page shows them.
//  SPDX-License-Identifier: Apache-2.0

const whole = new Intl.NumberFormat ("en", {maximumFractionDigits: 0});
const compact = new Intl.NumberFormat ("en", {notation: "compact", maximumFractionDigits: 1});
const clock = new Intl.DateTimeFormat ("en-GB", {timeStyle: "medium"});

export const NONE = "–";

//  Return a number with all digits, up to seven; above that like 12.3M.
export function number (value) {
    return Math.abs (value) < 1e7 ? whole.format (value) : compact.format (value);
}

//  Return a latency with its significant digits.
export function milliseconds (value) {
    if (value === null)
        return NONE;
    return value < 10 ? value.toFixed (1) : number (value);
}

export function bytes (value) {
    const units = ["B", "KB", "MB", "GB", "TB"];
    let unit = 0;
    for (; value >= 1000 && unit < units.length - 1; unit++)
        value /= 1000;
    return (unit && value < 10 ? value.toFixed (1) : whole.format (value)) + " " + units[unit];
}

//  Return seconds as 0.4 s, 12 s, 3 min, 2 h 05 or 3 d 4 h.
export function duration (seconds) {
    if (seconds < 100)
        return (seconds < 10 && seconds % 1 ? seconds.toFixed (1) : whole.format (seconds)) + " s";
    const minutes = Math.floor (seconds / 60);
    if (minutes < 60)
        return minutes + " min";
    const hours = Math.floor (minutes / 60);
    if (hours < 24)
        return hours + " h " + String (minutes % 60).padStart (2, "0");
    return Math.floor (hours / 24) + " d " + hours % 24 + " h";
}

export function percent (share) {
    return share > 0 && share < 0.001 ? "<0.1 %" : (100 * share).toFixed (share < 0.1 ? 1 : 0) + " %";
}

export function timeOfDay (date) {
    return clock.format (date);
}

//  Return 2022-02-02T18:41:05.123456Z as 2022-02-02 18:41:05.
export function sentAt (text) {
    return text.slice (0, 19).replace ("T", " ");
}

//  Return the count of numbers in ranges like [[2, 2], [5, 9]].
export function countOf (ranges) {
    return ranges.reduce ((sum, [first, last]) => sum + last - first + 1, 0);
}

//  Return a text with its invisible characters as \u{…}: controls, formats such as changes of
//  direction, line and paragraph separators.
export function visible (text) {
    return text.replace (/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
        (found) => "\\u{" + found.codePointAt (0).toString (16).padStart (4, "0") + "}");
}

export function element (name, className, ...children) {
    const made = document.createElement (name);
    if (className)
        made.className = className;
    made.append (...children.map ((child) => typeof child === "string" ? visible (child) : child));
    return made;
}

//  Set the text of an element, unless it is the same: the browser then paints nothing.
export function show (where, text) {
    const shown = visible (text);
    if (where.textContent !== shown)
        where.textContent = shown;
}

//  Return the elements below root that have data-is="name", by name.
export function parts (root) {
    const found = {};
    for (const one of root.querySelectorAll ("[data-is]"))
        found[one.dataset.is] = one;
    return found;
}
