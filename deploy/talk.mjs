// What verify.sh says to a streamhost through its proxy, with Node 22 and nothing else:
//   talk.mjs node URL SESSION [TIMES]      the node that each connection of this session reached, one a line
//   talk.mjs nodes URL COUNT               the same for as many sessions
//   talk.mjs say URL SESSION TEXT          a question and its whole answer; the provider `echo` repeats it
//   talk.mjs survive URL SESSION TEXT      the same; prints `node NAME` when the answer has begun, so that somebody can end that node
import assert from 'node:assert/strict';

import { connect } from '../clients/js/src/index.js';

const DEADLINE_MS = 60_000;
const AT_ONCE = 10;
const TOKEN = process.env.STREAMHOST_TOKEN;
const [command, url, ...words] = process.argv.slice(2);

const withSession = (session) => `${url}?session=${encodeURIComponent(session)}`;

/** The node that welcomes this session. */
function nodeOf(session) {
    return new Promise((resolve, reject) => {
        const socket = new WebSocket(withSession(session), ['streamhost.v1.json']);
        socket.onopen = () => socket.send(JSON.stringify({ type: 'hello', id: 1, session, ...(TOKEN && { token: TOKEN }) }));
        socket.onmessage = ({ data }) => {
            const frame = JSON.parse(data);
            if (frame.id !== 1) return;
            socket.close();
            if (frame.type === 'welcome') resolve(frame.node);
            else reject(new Error(`${session}: ${data}`));
        };
        socket.onclose = ({ code }) => reject(new Error(`${session}: closed with ${code}`));
    });
}

async function nodesOf(sessions) {
    const left = sessions.values();
    const worker = async () => {
        for (const session of left) console.log(await nodeOf(session));
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

async function say(session, text, begun = () => {}) {
    const client = connect(withSession(session), { session, ...(TOKEN && { token: TOKEN }) });
    const run = await client.send(text);
    let first = true;
    for await (const event of run) {
        if (first && event.type === 'text') await begun();
        first = first && event.type !== 'text';
    }
    const { outcome } = await run.finished();
    assert.deepEqual([run.text, outcome], [text, 'complete']);
    client.close();
}

const commands = {
    node: async ([session, times = '1']) => {
        for (let count = 0; count < Number(times); ++count) console.log(await nodeOf(session));
    },
    nodes: ([count]) => nodesOf(Array.from({ length: Number(count) }, (_, index) => `verify-${index}`)),
    say: ([session, text]) => say(session, text),
    survive: ([session, text]) => say(session, text, async () => console.log(`node ${await nodeOf(session)}`)),
};

const late = setTimeout(() => {
    console.error(`not done after ${DEADLINE_MS} ms`);
    process.exit(1);
}, DEADLINE_MS);
assert.ok(Object.hasOwn(commands, command), `${command} is none of ${Object.keys(commands)}`);
await commands[command](words);
clearTimeout(late);
