// Does a login, or a read of history, feel a thousand answers that drip from slow upstreams? Usage:
//
//   node tests/bench/slow/main.mjs [runs=1000] [workers=1024] [seconds=30] [rate=40] [out=FILE]
//
// Phases: calm, slow (all runs open), calm again. In each, `rate` times a second, a login (connect, upgrade, hello until
// `welcome`) and a read of history (50 messages), begun on time whether or not earlier ones were answered. Ends with 1 when
// a p99 of the slow phase is over twice that of the calm ones + 1 ms, or when one answer is not what was sent.
import { fork } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { serveHost } from '../../integration/support/host_process.mjs';
import { Wire } from '../../integration/support/wire.mjs';

const given = Object.fromEntries(process.argv.slice(2).map((word) => word.split('=')));
const [runs, workers, seconds, rate] = [given.runs ?? 1_000, given.workers ?? 1_024, given.seconds ?? 30, given.rate ?? 40].map(Number);
const producing = Math.min(runs, workers);
const SEEDED = 25;

const start = (name, ...words) => fork(fileURLToPath(new URL(name, import.meta.url)), words.map(String));
/** The next message of the child that has `key`. */
const heard = (child, key) =>
    new Promise((resolve, reject) => {
        const onExit = (code) => reject(new Error(`${child.spawnargs[1]} ended with ${code}`));
        child.once('exit', onExit);
        child.on('message', function listen(message) {
            if (!(key in message)) return;
            child.off('message', listen).off('exit', onExit);
            resolve(message);
        });
    });

const rank = (sorted, part) => sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * part) - 1)];
function summary(samples) {
    const sorted = samples.toSorted((a, b) => a - b);
    const [p50, p90, p99, max] = [rank(sorted, 0.5), rank(sorted, 0.9), rank(sorted, 0.99), sorted.at(-1)].map((ms) => Math.round(ms * 100) / 100);
    return { count: sorted.length, p50, p90, p99, max };
}

const upstream = start('upstream.mjs');
const { port: upstreamPort } = await heard(upstream, 'port');
const host = await serveHost(
    {
        'runtime.long_workers': workers,
        'logging.level': 'warn',
        'plugins.chat.max_pending': Math.max(runs, 1_000),
        'plugins.chat.providers.echo.delay_ms': 0,
        'plugins.chat.providers.slow.type': 'openai',
        'plugins.chat.providers.slow.model': 'slow',
        'plugins.chat.providers.slow.base_url': `http://127.0.0.1:${upstreamPort}/v1`,
    },
    { words: ['-c', 'config/streamhost.yaml'] },
);

// Whatever ends this program ends them, too; to a process that is gone it does nothing.
process.on('exit', () => (host.signal('SIGKILL'), upstream.kill()));

const reader = await Wire.join(host, { session: 'reader' });
for (let index = 0; index < SEEDED; ++index) {
    const { run } = await reader.ask({ type: 'send', content: `message ${index} of a conversation like any other` });
    await reader.frame((frame) => frame.data?.kind === 'run' && frame.data.run === run && frame.data.state === 'ended');
}

const timed = async (work) => {
    const began = performance.now();
    await work();
    return performance.now() - began;
};
async function login() {
    let wire;
    const took = await timed(async () => {
        wire = await Wire.join(host);
        if (wire.welcome.type !== 'welcome') throw new Error(JSON.stringify(wire.welcome));
    });
    wire.close();
    return took;
}
const history = () =>
    timed(async () => {
        const answer = await reader.ask({ type: 'history' });
        if (answer.messages?.length !== 2 * SEEDED) throw new Error(JSON.stringify(answer).slice(0, 500));
        reader.frames.length = 0;
    });

/** Begun on time for `length_s`; whoever began is waited for. */
function measure(length_s) {
    const begun = { hello: [], history: [] };
    const until = performance.now() + length_s * 1_000;
    let due = performance.now();
    return new Promise((resolve, reject) => {
        const next = () => {
            const now = performance.now();
            for (; due <= now; due += 1_000 / rate) {
                begun.hello.push(login());
                setTimeout(() => begun.history.push(history()), 500 / rate);
            }
            if (now < until) return setTimeout(next, due - now);
            setTimeout(() => {
                Promise.all([Promise.all(begun.hello), Promise.all(begun.history)]).then(([hello, read]) => resolve({ hello, history: read }), reject);
            }, 1_000 / rate);
        };
        next();
    });
}

const metric = async (name) => Number((await (await fetch(`http://127.0.0.1:${host.adminPort}/metrics`)).text()).match(new RegExp(`^streamhost_${name} (\\S+)`, 'm'))?.[1]);
const allProduce = async () => {
    upstream.send('count');
    return (await heard(upstream, 'open')).open === producing;
};

await measure(2); // what a first time costs is nobody's answer
const before = await measure(seconds / 2);
const crowd = start('crowd.mjs', host.port, runs);
await heard(crowd, 'sent');
await host.until(allProduce);
const cpuBefore = await host.cpuMs();
const slow = await measure(seconds);
const hostCpu = (await host.cpuMs()) - cpuBefore;
if (!(await allProduce())) throw new Error('not all answers were open to the end of the measurement');
const [active, pending] = [await metric('runs_active'), await metric('runs_pending')];

// Runs that waited for a thread get one as others end, so the upstream ends until nobody is left.
const wholes = heard(crowd, 'tokens');
crowd.send('end');
const ending = setInterval(() => upstream.send('end'), 250);
const { tokens, fewest } = await wholes;
clearInterval(ending);
if (producing === runs && fewest < seconds - 1) throw new Error(`an answer got ${fewest} tokens in ${seconds} s`);
const after = await measure(seconds / 2);

reader.close();
const stopped = await host.stop();
if (stopped.code !== 0) throw new Error(host.log);
upstream.disconnect();

const report = { scenario: 'slow-upstreams', runs, workers, producing, active, pending, seconds, rate, tokens, fewest_tokens: fewest, host_cpu_ms_per_second: Math.round(hostCpu / seconds), ms: {}, passed: true };
for (const kind of ['hello', 'history']) {
    const calm = summary([...before[kind], ...after[kind]]);
    const disturbed = summary(slow[kind]);
    const bound = Math.round((2 * calm.p99 + 1) * 100) / 100;
    report.ms[kind] = { calm, slow: disturbed, bound, passed: disturbed.p99 <= bound };
    report.passed &&= report.ms[kind].passed;
}
console.log(JSON.stringify(report, null, 2));
if (given.out) await writeFile(given.out, `${JSON.stringify(report, null, 2)}\n`);
process.exitCode = report.passed ? 0 : 1;
