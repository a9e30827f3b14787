//  A tab's end of the link to the hub.
//  SPDX-License-Identifier: Apache-2.0
import {Hub} from "./hub.js";

//  Tabs with another release of the page get another worker. Raise it with the messages of hub.js.
const NAME = "downlink 2";
const HERE_MS = 20000;
const PATIENCE_MS = 3000;

export class Link {
    //  takes: a function for each message of the hub, by name.
    constructor (takes) {
        this.takes = takes;
        this.ids = [];
        this.connect ();
        setInterval (() => this.tell (), HERE_MS);
        document.addEventListener ("visibilitychange", () => this.tell ());
        window.addEventListener ("pageshow", () => this.tell ());
        window.addEventListener ("pagehide", () => this.port.postMessage ({isOver: true}));
    }

    //  Connect to the worker; to a hub in this tab if the browser has no workers, or starts none.
    connect () {
        try {
            const worker = new SharedWorker (new URL ("shared.js", import.meta.url),
                {type: "module", name: NAME});
            worker.addEventListener ("error", () => this.connectAlone ());
            this.patience = setTimeout (() => this.connectAlone (), PATIENCE_MS);
            this.use (worker.port);
        } catch {
            this.connectAlone ();
        }
    }

    connectAlone () {
        clearTimeout (this.patience);
        if (this.hasAnswer)
            return;
        const {port1, port2} = new MessageChannel ();
        new Hub ().join (port1);
        this.use (port2);
    }

    use (port) {
        this.port = port;
        port.onmessage = ({data}) => {
            this.hasAnswer = true;
            clearTimeout (this.patience);
            if (port === this.port)
                for (const [name, value] of Object.entries (data))
                    this.takes[name] (value);
        };
        this.tell ();
    }

    //  Follow these rockets, instead of earlier ones.
    follow (ids) {
        this.ids = ids;
        this.tell ();
    }

    tell () {
        const isHidden = document.hidden;
        this.port.postMessage ({ids: isHidden ? [] : this.ids, isHidden});
    }
}
