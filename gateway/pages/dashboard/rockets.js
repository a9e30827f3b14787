//  The table: a page of GET /rockets, kept up to date. Events change only the rows on the screen.
//  SPDX-License-Identifier: Apache-2.0
import {askRockets} from "./api.js";
import {NONE, countOf, element, number, sentAt, show, timeOfDay, visible} from "./text.js";

const find = (id) => document.getElementById (id);
const SORT_AGAIN_MS = 2000;
const SVG = "http://www.w3.org/2000/svg";

//  Name, sort key if the column has one, and the text of a cell.
const COLUMNS = [
    {name: "Rocket", key: "id", className: "id"},
    {name: "Status", key: "status", className: "status"},
    {name: "Type", key: "type", className: "type", text: (rocket) => rocket.type ?? NONE},
    {name: "Mission", key: "mission", className: "mission", text: (rocket) => rocket.mission ?? NONE},
    {name: "Speed", key: "speed", className: "speed number", text: (rocket) => number (rocket.speed)},
    {name: "Trend", className: "trend"},
    {name: "Last no.", key: "lastMessageNumber", className: "last number",
        text: (rocket) => number (rocket.lastMessageNumber)},
    {name: "Missing", className: "missing number",
        text: (rocket) => rocket.missing.length ? number (countOf (rocket.missing)) : NONE},
    {name: "Sent at (UTC)", key: "lastMessageTime", className: "time",
        text: (rocket) => sentAt (rocket.lastMessageTime)},
];

//  Return a cursor in the order of ids, whose page begins with the ids that begin with the text: it
//  points behind the last possible id before them.
function cursorBefore (text) {
    const characters = [...text];
    const code = characters.pop ().codePointAt (0) - 1;
    const before = characters.join ("") + String.fromCodePoint (code === 0xdfff ? 0xd7ff : code) +
        "\u{10ffff}";
    const bytes = new TextEncoder ().encode (before);
    const id = [...(bytes.length < 32 ? [0xa0 + bytes.length] : [0xd9, bytes.length]), ...bytes];
    const place = [0xa2, 0x69, 0x64, 0x92, ...id, ...id];
    return btoa (String.fromCharCode (...place)).replaceAll ("+", "-").replaceAll ("/", "_")
        .replaceAll ("=", "");
}

//  Return the part of a view that makes it another list.
function listOf ({sort, search, status, type, mission, rows}) {
    return JSON.stringify ([sort, search, status, type, mission, rows]);
}

//  view: {sort, search, status, type, mission, rows, page, after}; histories: the speeds. The table calls
//    onChange (view, isStep)  when the user selects another view, or another page of it (isStep)
//    onRows (count)           when a page has come; count is 0 only if there are no rockets at all
//    linkTo (id)              for the address of a rocket
export class RocketTable {
    constructor ({view, histories, onChange, onRows, linkTo}) {
        this.view = view;
        this.histories = histories;
        this.onChange = onChange;
        this.onRows = onRows;
        this.linkTo = linkTo;
        this.rows = new Map ();
        this.trail = new Map ();  //  the cursor of each known page
        this.next = null;
        this.totals = null;
        this.loads = 0;
        this.makeColumns ();
        this.listen ();
    }

    makeColumns () {
        find ("columns").replaceChildren (...COLUMNS.map ((column) => {
            const cell = element ("th", column.className);
            cell.scope = "col";
            if (column.key) {
                const button = element ("button", "", column.name);
                button.type = "button";
                button.dataset.key = column.key;
                button.addEventListener ("click", () => this.sortBy (column.key));
                cell.append (button);
            }
            else
                cell.append (column.name);
            return cell;
        }));
    }

    listen () {
        const form = find ("filters");
        const read = () => this.change (Object.fromEntries (
            [...new FormData (form)].map (([name, value]) => [name, value.trim ()])));
        form.addEventListener ("submit", (event) => { event.preventDefault (); read (); });
        form.addEventListener ("reset", () => setTimeout (read));
        form.addEventListener ("input", () => {
            clearTimeout (this.typing);
            this.typing = setTimeout (read, 250);
        });
        find ("next").addEventListener ("click", () => this.turn (1));
        find ("previous").addEventListener ("click", () => this.turn (-1));
        find ("limit").addEventListener ("change", () => this.change ({rows: find ("limit").value}));
        find ("rows").addEventListener ("click", (event) => {
            const row = event.target.closest ("tr");
            if (row && !event.target.closest ("a") && !String (getSelection ()))
                row.querySelector ("a").click ();
        });
    }

    sortBy (key) {
        const first = key === "speed" || key.startsWith ("last") ? "-" + key : key;
        const other = first.startsWith ("-") ? key : "-" + key;
        this.change ({sort: this.view.sort === first ? other : first});
    }

    //  Change the view, and begin at its first page.
    change (some) {
        const view = {...this.view, ...some};
        if (listOf (view) !== listOf (this.view))
            this.onChange ({...view, page: "1", after: ""}, false);
    }

    //  Show another view. Users may come to any page of it by its address.
    setView (view) {
        if (listOf (view) !== listOf (this.view))
            this.trail.clear ();
        this.view = view;
        this.trail.set (this.page, view.after);
        find ("limit").value = view.rows;
        const form = find ("filters").elements;
        for (const name of ["search", "status", "type", "mission"])
            if (form[name].value.trim () !== view[name])
                form[name].value = view[name];
        for (const button of find ("columns").querySelectorAll ("button")) {
            const isKey = view.sort.replace ("-", "") === button.dataset.key && !view.search;
            const order = view.sort.startsWith ("-") ? "descending" : "ascending";
            button.closest ("th").setAttribute ("aria-sort", isKey ? order : "none");
        }
        return this.load ();
    }

    get page () {
        return Math.max (1, Number.parseInt (this.view.page, 10) || 1);
    }

    //  Return true if the way back by one page is known. Else it leads to the first page.
    hasPrevious () {
        return this.page > 1 && this.trail.has (this.page - 1);
    }

    turn (by) {
        const page = by > 0 ? this.page + 1 : this.hasPrevious () ? this.page - 1 : 1;
        const after = by > 0 ? this.next : this.trail.get (page) ?? "";
        find ("rows").closest (".scroll").scrollTop = 0;
        this.onChange ({...this.view, page: String (page), after}, true);
    }

    parameters () {
        const {sort, search, status, type, mission} = this.view;
        const query = new URLSearchParams ({limit: this.view.rows});
        query.set ("sort", search ? "id" : sort);
        for (const [name, value] of Object.entries ({status, type, mission}))
            if (value)
                query.set (name, value);
        const cursor = this.view.after || (search ? cursorBefore (search) : null);
        if (cursor)
            query.set ("cursor", cursor);
        return query;
    }

    //  Return the rockets of a page that match the search. The search ends at the first other id.
    found (page) {
        const rockets = page.rockets.filter ((rocket) => rocket.id.startsWith (this.view.search));
        return {rockets, next: rockets.length === page.rockets.length ? page.next : null};
    }

    async load () {
        const mine = ++this.loads;
        clearTimeout (this.timer);
        try {
            const {isOk, status, body} = await askRockets (this.parameters ());
            if (mine !== this.loads)
                return;
            if (isOk)
                this.show (this.found (body));
            else if (status === 400)
                this.complain (body.detail);
            else if (!this.loadedAt)
                show (find ("empty"), "Rockets will show here as soon as a processor answers.");
            this.setStale (!isOk && status !== 400);
        } catch {
            this.setStale (true);
        }
        if (mine === this.loads)
            this.timer = setTimeout (() => this.loadAgain (), SORT_AGAIN_MS);
    }

    //  Dim the rows when they are old, and say of when they are. The top of the page says why.
    setStale (isStale) {
        if (!isStale)
            this.loadedAt = new Date ();
        const note = find ("stale");
        note.hidden = !isStale || !this.loadedAt;
        if (!note.hidden)
            show (note, "as of " + timeOfDay (this.loadedAt));
        document.body.classList.toggle ("is-stale", isStale);
    }

    //  Load the page again to sort it, but not while the user points at a row or has its focus.
    loadAgain () {
        const rows = find ("rows");
        const isHeld = rows.matches (":hover") || rows.contains (document.activeElement);
        if ((isHeld && this.rows.size) || document.hidden)
            this.timer = setTimeout (() => this.loadAgain (), SORT_AGAIN_MS);
        else
            this.load ();
    }

    complain (detail) {
        this.rows.clear ();
        find ("first").hidden = true;
        find ("rows").replaceChildren ();
        this.showPages (null, detail);
    }

    show (page) {
        const rows = new Map ();
        for (const rocket of page.rockets) {
            const row = this.rows.get (rocket.id) ?? this.makeRow (rocket.id);
            rows.set (rocket.id, row);
            this.histories.add (rocket);
            this.fill (row, rocket);
        }
        this.rows = rows;
        const wanted = [...rows.values ()].map ((row) => row.line);
        const body = find ("rows");
        if (wanted.length !== body.children.length ||
            wanted.some ((line, index) => line !== body.children[index]))
            body.replaceChildren (...wanted);
        const {search, status, type, mission} = this.view;
        const isFiltered = search || status || type || mission;
        const isLater = this.page > 1;
        this.showPages (page.next, rows.size ? "" : isLater ? "This page is empty by now."
            : isFiltered ? "No rocket matches." : "");
        find ("first").hidden = rows.size > 0 || isFiltered || isLater;
        this.onRows (isFiltered || isLater ? Math.max (rows.size, 1) : rows.size);
    }

    showPages (next, text) {
        this.next = next;
        find ("next").disabled = !next;
        find ("previous").disabled = this.page < 2;
        show (find ("previous"), this.page < 2 || this.hasPrevious () ? "← Previous" : "← First page");
        this.showTotals (this.totals);
        show (find ("empty"), text);
        find ("empty").hidden = !text;
    }

    //  Show how many rockets there are: {unknown, flying, exploded}, or null.
    showTotals (totals) {
        this.totals = totals;
        const {search, status, type, mission, rows} = this.view;
        const all = totals && totals.unknown + totals.flying + totals.exploded;
        show (find ("totals"), totals ? number (all) : "");
        find ("statuses").hidden = !all;
        for (const badge of find ("statuses").children) {
            const name = badge.dataset.status;
            badge.hidden = !totals?.[name];
            show (badge, badge.hidden ? "" : `${number (totals[name])} ${name}`);
        }
        const matching = !totals || search || type || mission ? null : status ? totals[status] : all;
        const pages = matching && Math.ceil (matching / rows);
        show (find ("page"), "Page " + number (this.page) +
            (pages >= this.page ? " of " + number (pages) : ""));
    }

    //  Set the links of the rows again, as another part of the address has changed.
    linkAgain () {
        for (const [id, row] of this.rows)
            row.link.href = this.linkTo (id);
    }

    makeRow (id) {
        const line = element ("tr");
        const cells = COLUMNS.map ((column) => element ("td", column.className));
        const link = element ("a", "", id);
        link.title = visible (id);
        cells[0].append (link);
        const badge = element ("span", "badge");
        cells[1].append (badge);
        const svg = document.createElementNS (SVG, "svg");
        svg.setAttribute ("viewBox", "0 0 90 20");
        svg.setAttribute ("aria-hidden", "true");
        const trend = document.createElementNS (SVG, "polyline");
        svg.append (trend);
        cells.find ((cell) => cell.className === "trend").append (svg);
        line.append (...cells);
        return {line, cells, link, badge, trend, rocket: null};
    }

    fill (row, rocket) {
        const before = row.rocket;
        row.rocket = rocket;
        row.link.href = this.linkTo (rocket.id);
        row.badge.dataset.status = rocket.status;
        show (row.badge, rocket.status);
        COLUMNS.forEach ((column, index) => {
            if (column.text)
                show (row.cells[index], column.text (rocket));
        });
        row.line.classList.toggle ("gaps", rocket.missing.length > 0);
        row.trend.setAttribute ("points", this.histories.points (rocket.id, 90, 20));
        if (before && before.messagesApplied !== rocket.messagesApplied)
            this.flash (row);
    }

    //  Flash one cell to show a change. Flashing whole rows would hide the rows that changed.
    flash (row) {
        if (row.flashing?.playState === "running")
            return;
        const cell = row.cells[COLUMNS.findIndex ((column) => column.key === "speed")];
        row.flashing = cell.animate ([{backgroundColor: "var(--touch)"},
            {backgroundColor: "transparent"}], {duration: 1200, easing: "ease-out"});
    }

    ids () {
        return this.rows.keys ();
    }

    rocket (id) {
        return this.rows.get (id)?.rocket;
    }

    //  Show a newer state of a rocket, if its row is on the screen.
    update (rocket) {
        const row = this.rows.get (rocket.id);
        if (!row || rocket.messagesApplied < row.rocket.messagesApplied)
            return;
        this.histories.add (rocket);
        this.fill (row, rocket);
    }

    //  Take out a rocket that was removed. The next load fills the page again.
    remove (id) {
        const row = this.rows.get (id);
        if (!row)
            return;
        const other = row.line.nextSibling ?? row.line.previousSibling;
        if (row.line.contains (document.activeElement))
            other?.querySelector ("a").focus ();
        row.line.remove ();
        this.rows.delete (id);
        this.loads++;  //  an answer that is on its way may still have the rocket
        clearTimeout (this.timer);
        if (this.rows.size)
            this.timer = setTimeout (() => this.loadAgain (), SORT_AGAIN_MS);
        else
            this.load ();
    }

    mark (id) {
        for (const [one, row] of this.rows)
            row.line.classList.toggle ("open", one === id);
    }

    focusOn (id) {
        this.rows.get (id)?.link.focus ();
    }
}
