//  A first rocket for an empty table: a command to copy. The shell adds the token, if one is needed.
//  SPDX-License-Identifier: Apache-2.0
import {show} from "./text.js";

const find = (id) => document.getElementById (id);
const SAID_MS = 2000;

function command (needsToken) {
    const message = {
        metadata: {channel: "apollo", messageNumber: 1, messageTime: new Date ().toISOString (),
            messageType: "RocketLaunched"},
        message: {type: "Falcon-9", launchSpeed: 500, mission: "ARTEMIS"},
    };
    const token = needsToken ? ' -H "Authorization: Bearer $DOWNLINK_TOKEN"' : "";
    return `curl ${new URL ("messages", location.href)}${token} -d '${JSON.stringify (message)}'`;
}

//  Copy, or at least select, since browsers keep the clipboard from pages without TLS.
async function copy () {
    let said = "Copied";
    try {
        await navigator.clipboard.writeText (find ("command").textContent);
    } catch {
        getSelection ().selectAllChildren (find ("command"));
        said = "Selected: press Ctrl-C";
    }
    show (find ("copy"), said);
    setTimeout (() => show (find ("copy"), "Copy"), SAID_MS);
}

export function offerFirstRocket () {
    show (find ("command"), command (false));
    find ("copy").addEventListener ("click", copy);
}

//  Let the command send a token.
export function sendToken () {
    show (find ("command"), command (true));
    show (find ("launch"), "Put a token with the scope write into DOWNLINK_TOKEN, and launch one:");
}
