//  Post and read with the types of openapi-typescript and openapi-fetch: PROGRAM URL CHANNEL
import createClient from "openapi-fetch";
import type { components, paths } from "./client.js";

const [url, channel] = process.argv.slice(2) as [string, string];
const client = createClient<paths>({ baseUrl: url });
const messageTime = new Date().toISOString();

const launched = (messageNumber: number): components["schemas"]["RocketLaunched"] => ({
    metadata: { channel, messageNumber, messageTime, messageType: "RocketLaunched" },
    message: { type: "Falcon-9", launchSpeed: 500, mission: "ARTEMIS" },
});
const many: components["schemas"]["Message"][] = [
    { metadata: { channel, messageNumber: 2, messageTime, messageType: "RocketSpeedIncreased" },
        message: { by: 9007199254740000 } },
    { metadata: { channel, messageNumber: 4, messageTime, messageType: "RocketMissionChanged" },
        message: { newMission: "MIR" } },
];

const post = (body: paths["/messages"]["post"]["requestBody"]["content"]["application/json"]) =>
    client.POST("/messages", { body, params: { header: { Prefer: "wait=10" } } });
const get = (id: string) => client.GET("/rockets/{id}", { params: { path: { id } } });

const answers = [await post(launched(1)), await post(many)];
const problem = (await post(launched(0))).error;
const rocket = (await get(channel)).data;
const query = { mission: "MIR", limit: 1000 };
const page = (await client.GET("/rockets", { params: { query } })).data;
const nobody = (await get("nobody")).error;
console.log(JSON.stringify({
    applied: answers.map(answer => answer.data?.accepted),
    refused: [problem?.status, problem?.errors?.[0]?.pointer],
    rocket: [rocket?.type, rocket?.speed, rocket?.mission, rocket?.status, rocket?.explosionReason,
        rocket?.missing],
    listed: page?.rockets.some(found => found.id === channel),
    nobody: nobody?.type,
}));
