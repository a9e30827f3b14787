//  Adapt the page to the token that let it in: show the button "Sign out", and a command that sends a token.
//  SPDX-License-Identifier: Apache-2.0
import {askSession, endSession} from "./api.js";
import {sendToken} from "./first.js";
import {show} from "./text.js";

const AGAIN_MS = 2000;

const button = document.getElementById ("sign-out");

//  End the cookie. The same address then shows the sign-in, in the other tabs too.
async function signOut () {
    try {
        await endSession ();
        location.reload ();
    } catch {
        show (button, "Not signed out: try again");
    }
}

export async function followSession () {
    button.addEventListener ("click", signOut);
    for (;;)
        try {
            const {isSignedIn, name, scopes} = await askSession ();
            button.hidden = !isSignedIn;
            button.title = `Signed in with the token ${name} (${scopes.join (", ")})`;
            if (name !== null)
                sendToken ();
            return;
        } catch {
            await new Promise ((resolve) => setTimeout (resolve, AGAIN_MS));
        }
}
