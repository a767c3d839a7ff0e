// The readers of the slow answers: many runs on few connections. Folds what it gets by the rule of the protocol, so that
// anything lost, doubled or out of order ends it.
import { Wire, fold } from '../../integration/support/wire.mjs';

const RUNS_PER_CONNECTION = 50;
const [port, runs] = process.argv.slice(2).map(Number);
const host = { url: `ws://127.0.0.1:${port}` };
const wires = [];
const all = [];

for (let first = 0; first < runs; first += RUNS_PER_CONNECTION) {
    const wire = await Wire.join(host, { session: `crowd-${first}` });
    wires.push(wire);
    for (let index = first; index < Math.min(first + RUNS_PER_CONNECTION, runs); ++index) {
        const answer = await wire.ask({ type: 'send', content: 'take your time', options: { provider: 'slow' } });
        if (answer.type !== 'accepted') throw new Error(JSON.stringify(answer));
        all.push({ wire, run: answer.run });
    }
}
process.send({ sent: all.length });

process.on('message', async (word) => {
    if (word !== 'end') return;
    const wholes = await Promise.all(all.map(({ wire, run }) => wire.textOf(run)));
    let tokens = 0;
    let fewest = Infinity;
    for (const { text, end } of wholes) {
        const words = text.split(' ').slice(0, -1); // each token ends with a space
        if (end.outcome !== 'complete' || words.some((one, index) => one !== `t${index}`)) throw new Error(`not what was sent: ${JSON.stringify({ text, end })}`);
        tokens += words.length;
        fewest = Math.min(fewest, words.length);
    }
    process.send({ tokens, fewest });
    wires.forEach((wire) => wire.close());
    process.disconnect();
});
