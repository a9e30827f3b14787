//  Post and read with the TypeScript client of openapi-generator: PROGRAM URL CHANNEL
import { Configuration, MessagesApi, ResponseError, RocketsApi } from "./client/index.js";
import type { PostMessagesRequest, Problem } from "./client/index.js";

const [url, channel] = process.argv.slice(2) as [string, string];
const configuration = new Configuration({ basePath: url });
const messages = new MessagesApi(configuration);
const rockets = new RocketsApi(configuration);
const metadata = { channel, messageTime: new Date().toISOString() };
const message = { type: "Falcon-9", launchSpeed: 500, mission: "ARTEMIS" };

const post = (postMessagesRequest: PostMessagesRequest) =>
    messages.postMessages({ postMessagesRequest, prefer: "wait=10" });

const problemOf = async (answer: Promise<unknown>): Promise<Problem> => {
    try {
        await answer;
    } catch (error) {
        if (error instanceof ResponseError)
            return await error.response.json() as Problem;
        throw error;
    }
    throw new Error("no problem");
};

const one = await post({
    metadata: { ...metadata, messageNumber: 1, messageType: "RocketLaunched" }, message });
const many = await post([
    { metadata: { ...metadata, messageNumber: 2, messageType: "RocketSpeedIncreased" },
        message: { by: 9007199254740000 } },
    { metadata: { ...metadata, messageNumber: 4, messageType: "RocketMissionChanged" },
        message: { newMission: "MIR" } },
]);
const problem = await problemOf(post({
    metadata: { ...metadata, messageNumber: 0, messageType: "RocketLaunched" }, message }));
const rocket = await rockets.getRocket({ id: channel });
const page = await rockets.listRockets({ mission: "MIR", limit: 1000 });
const nobody = await problemOf(rockets.getRocket({ id: "nobody" }));
console.log(JSON.stringify({
    applied: [one.accepted, many.accepted],
    refused: [problem.status, problem.errors?.[0]?.pointer],
    rocket: [rocket.type, rocket.speed, rocket.mission, rocket.status, rocket.explosionReason,
        rocket.missing],
    listed: page.rockets.some(found => found.id === channel),
    nobody: nobody.type,
}));
