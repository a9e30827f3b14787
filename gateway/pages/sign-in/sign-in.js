//  Exchange a token for a cookie, and show the page behind it. The script keeps the token nowhere;
//  the browser's manager of passwords may.
//  SPDX-License-Identifier: Apache-2.0

const form = document.getElementById ("sign-in");
const field = document.getElementById ("token");
const fault = document.getElementById ("fault");

//  Return a sentence about the fault, or nothing if the token is good.
async function signIn (token) {
    const answer = await fetch ("session",
        {method: "POST", headers: {Authorization: "Bearer " + token}, cache: "no-store"});
    if (answer.ok)
        return "";
    const problem = await answer.json ();
    return problem.detail;
}

form.addEventListener ("submit", async (event) => {
    event.preventDefault ();
    fault.textContent = "";
    try {
        fault.textContent = await signIn (field.value.trim ());
        if (!fault.textContent)
            location.reload ();
    }
    catch {
        fault.textContent = "The gateway does not answer.";
    }
    field.select ();
});
