// Append and publish in one script, numbered by the store: the product's driver and client against redis-benchmark with
// the same script, round by round on the same server.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { RedisProcess } from '../../integration/support/redis.mjs';
import { program } from '../support/generator.mjs';
import { Window, cpuSeconds } from '../support/machine.mjs';
import { median, percent, perSecond } from '../support/verdicts.mjs';

const run = promisify(execFile);
const STREAMS = 1_000;
const LEAST_RATIO = 0.8;
const LEAST_ROUNDS = 5;
const RUN_MS = 60_000;

// redis-benchmark draws a number for each place that it fills in, but the keys of a call belong to one stream: the number
// in the first one is put into the others, before the product's own script begins.
const SAME_STREAM = `
local number = string.sub(KEYS[1], -12)
for at = 2, #KEYS do KEYS[at] = string.sub(KEYS[at], 1, -13) .. number end
ARGV[1] = number
`;

async function onCore(core, command, words) {
    // `time` of bash: what the child used, in seconds.
    const timed = ['-c', 'TIMEFORMAT="cpu %U %S"; time "$@"', 'bash', 'taskset', '-c', String(core), command, ...words.map(String)];
    const { stdout, stderr } = await run('bash', timed, { timeout: RUN_MS });
    const [user, system] = stderr.match(/cpu ([\d.]+) ([\d.]+)\s*$/).slice(1).map(Number);
    return { text: stdout, cpu: user + system };
}

/** One run of either: from an empty server, with what the server says about it. */
async function measured(server, work) {
    await server.call('FLUSHALL', 'SYNC');
    await server.call('CONFIG', 'RESETSTAT');
    const [from, cpuBefore] = [performance.now(), cpuSeconds(server.pid)];
    const { calls, perSecond: rate, clientCpu } = await work();
    const seconds = (performance.now() - from) / 1_000;
    const stats = await server.call('INFO', 'commandstats');
    const [, done, usEach, failed] = stats.match(/cmdstat_evalsha:calls=(\d+),usec=\d+,usec_per_call=([\d.]+),rejected_calls=0,failed_calls=(\d+)/).map(Number);
    if (done < calls || failed !== 0) throw new Error(`${calls} calls, but the server says: ${stats}`);
    return { rate, usEach, serverCpu: (cpuSeconds(server.pid) - cpuBefore) / seconds, clientCpu };
}

async function ours(server, cores, records, seconds) {
    const words = ['run', server.port, `records=${records}`, `streams=${STREAMS}`, `seconds=${seconds}`];
    const { text } = await onCore(cores.load, program('redis_publish'), words);
    const { calls, per_second: perSecond, cpu_s: cpu, seconds: took } = JSON.parse(text);
    return { calls, perSecond, clientCpu: cpu / took };
}

async function theirs(server, cores, peer, calls) {
    const sha = await server.call('SCRIPT', 'LOAD', peer.script);
    const words = ['-p', server.port, '-P', 32, '-r', STREAMS, '-n', calls, '--csv', 'EVALSHA', sha, ...peer.words];
    const from = performance.now();
    const { text, cpu } = await onCore(cores.load, 'redis-benchmark', words);
    const seconds = (performance.now() - from) / 1_000;
    return { calls, perSecond: Number(text.trim().split('\n').at(-1).split('","')[1]), clientCpu: cpu / seconds };
}

async function peerOf(records) {
    const { stdout } = await run(program('redis_publish'), ['words', `records=${records}`, `streams=${STREAMS}`]);
    const [script, ...words] = stdout.split('\0').slice(0, -1);
    return { script: SAME_STREAM + script, words };
}

/** Rounds until enough of them were undisturbed. */
async function rounds(server, cores, records, { least, most, seconds, quick }) {
    const peer = await peerOf(records);
    const all = [];
    let calls = seconds * 10_000;
    for (let round = 0; round < most && all.filter((one) => one.window.isValid || quick).length < least; ++round) {
        const window = new Window();
        const us = () => measured(server, () => ours(server, cores, records, seconds));
        const them = () => measured(server, () => theirs(server, cores, peer, calls));
        const one = {};
        for (const who of round % 2 === 0 ? ['us', 'them'] : ['them', 'us']) one[who] = await (who === 'us' ? us() : them());
        calls = Math.round(one.them.rate * seconds);
        one.window = window.end();
        all.push(one);
    }
    return all;
}

/** @param {import('../support/verdicts.mjs').Verdicts} verdicts */
export async function publish(verdicts, cores) {
    const { quick } = verdicts;
    const server = await RedisProcess.start();
    try {
        await run('taskset', ['-a', '-cp', String(cores.server), String(server.pid)]);
        for (const records of [1, 8]) {
            const all = await rounds(server, cores, records, quick ? { least: 1, most: 1, seconds: 1, quick } : { least: LEAST_ROUNDS, most: 8, seconds: 5 });
            const undisturbed = all.filter((one) => one.window.isValid);
            const isValid = undisturbed.length >= LEAST_ROUNDS;
            const taken = isValid ? undisturbed : all;
            const of = (pick) => median(taken.map(pick));
            const ratio = of(({ us, them }) => us.rate / them.rate);
            const window = { others: of((one) => one.window.others), isValid };
            const what = `publish of ${records} ${records === 1 ? 'record' : 'records'} a call`;
            verdicts.hold(what, { target: `>= ${percent(LEAST_RATIO)} of redis-benchmark`, result: percent(ratio), isMet: ratio >= LEAST_RATIO, window });
            for (const [who, name] of [['us', 'product'], ['them', 'redis-benchmark -P 32']]) {
                const cpu = `server ${percent(of((one) => one[who].serverCpu))} of a core, client ${percent(of((one) => one[who].clientCpu))}`;
                verdicts.tell(`  ${name}`, `${perSecond(of((one) => one[who].rate))}, ${cpu}, script ${of((one) => one[who].usEach).toFixed(1)} us`);
            }
        }
    } finally {
        await server.stop();
    }
}
