//  Every request of the page, so that a refusal that concerns all of them is handled in one place.
//  Addresses are relative to this file: they also hold in a worker, and below a path of a proxy.
//  SPDX-License-Identifier: Apache-2.0

const PATIENCE_MS = 5000;
const ROOT = new URL ("..", import.meta.url);

//  Ask for JSON. Return {isOk, status, headers, body}. Throw if no answer comes, or one without JSON.
export async function ask (path) {
    const answer = await fetch (new URL (path, ROOT),
        {cache: "no-store", signal: AbortSignal.timeout (PATIENCE_MS)});
    //  The token is no longer valid. The page that asks for a token has the same address.
    if (answer.status === 401)
        globalThis.document?.location.reload ();
    return {isOk: answer.ok, status: answer.status, headers: answer.headers,
        body: await answer.json ()};
}

//  Return the session of this page: {isSignedIn, name, scopes}. Throw if no answer comes.
export async function askSession () {
    const {isOk, status, body} = await ask ("session");
    if (!isOk)
        throw new Error (`/session answers ${status}`);
    return body;
}

//  Give the cookie back. Throw if that fails.
export async function endSession () {
    const answer = await fetch (new URL ("session", ROOT),
        {method: "DELETE", signal: AbortSignal.timeout (PATIENCE_MS)});
    if (!answer.ok)
        throw new Error (`/session answers ${answer.status}`);
}

//  Return the numbers. Throw if there are none: an error with the status, if there is one.
export async function askStats () {
    const {isOk, status, body} = await ask ("stats");
    if (!isOk)
        throw Object.assign (new Error (`/stats answers ${status}`), {status});
    return body;
}

export function askRockets (parameters) {
    return ask ("rockets?" + parameters);
}

//  Ask for one rocket, as a list: no browser asks for the ids "." and ".." in a path.
export function askRocket (id) {
    return askRockets (new URLSearchParams ({id}));
}

//  Open the stream of events of some rockets.
export function openEvents (ids) {
    return new EventSource (new URL ("events?ids=" + ids.map (encodeURIComponent).join (), ROOT));
}
