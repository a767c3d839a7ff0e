// `./dev bench --peers`: the host beside other servers in the same run. Usage: node tests/bench/peers/main.mjs
//     [--quick] [--write] [--guard] [--rounds=N] [--seconds=N] [--with=PEER,...] [--from=FILE,...] [LINE...]
// --quick: does everything still work and verify; no figures to quote. --guard: the guarded lines alone, few rounds.
// --write: writes docs/performance.md and its plots. --from: of results that were measured before, without measuring.
import { execFileSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { cpus, release } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { root } from '../../integration/support/host_process.mjs';
import { leaveNothingBehind } from '../support/machine.mjs';
import { lines } from './lines.mjs';
import { measure, sendLimit } from './measure.mjs';
import { asMarkdown, asText, intoPage, plots, verdictOf } from './report.mjs';
import { peers, versions } from './servers.mjs';
import { US, guarded } from './statistics.mjs';

const GUARD_ROUNDS = 5;
const results = path.join(root, 'build/bench/results');
const images = path.join(root, 'docs/images/performance');
const page = path.join(root, 'docs/performance.md');
const guardFile = fileURLToPath(new URL('guard.json', import.meta.url));

function isKnown(names, all, what) {
    for (const name of names) if (!(name in all)) throw new Error(`no ${what} ${name}, but: ${Object.keys(all).join(' ')}`);
}

async function measured(options, named, guard) {
    const [server, load] = (process.env.STREAMHOST_BENCH_CORES ?? '0 1').split(' ');
    const guardedPeers = [US, ...Object.values(guard).map(({ peer }) => peer)];
    const names = named.length > 0 ? named : Object.keys(options.guard ? guard : lines);
    const among = options.with?.split(',') ?? (options.guard ? guardedPeers : Object.keys(peers));
    isKnown(names, lines, 'line');
    isKnown(among, peers, 'peer');
    const rounds = options.rounds ?? (options.quick ? 1 : options.guard ? GUARD_ROUNDS : undefined);
    const how = { names, among, rounds: rounds && Number(rounds), cores: { server, load }, quick: options.quick, seconds: Number(options.seconds) };
    const limit = options.guard ? undefined : await sendLimit(how);
    const run = {
        at: new Date().toISOString(),
        commit: execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root }).toString().trim(),
        machine: `${cpus()[0].model}, ${cpus().length} cores, Linux ${release()}`,
        quick: options.quick,
        versions: await versions(),
        limit,
    };
    await mkdir(results, { recursive: true });
    const file = path.join(results, `peers-${run.at.replace(/[:.]/g, '-')}.json`);
    const { records, failures } = await measure(how, async (some) => writeFile(file, `${JSON.stringify({ ...run, records: some }, null, 1)}\n`));
    run.records = records;
    console.error(`==> ${path.relative(root, file)}`);
    return { run, failures };
}

/** Lines of later files replace those of earlier ones. None may be of a quick run. */
async function recorded(files) {
    const runs = await Promise.all(files.split(',').map(async (file) => JSON.parse(await readFile(file, 'utf8'))));
    const records = runs.reduce((all, run) => [...all.filter(({ line }) => !run.records.some((record) => record.line === line)), ...run.records], []);
    const commit = [...new Set(runs.map((run) => run.commit))].join(', ');
    return { ...runs.at(-1), commit, quick: runs.some(({ quick }) => quick), limit: runs.findLast(({ limit }) => limit !== undefined)?.limit, records };
}

async function write(run) {
    if (run.quick) throw new Error('figures of --quick are not to be quoted, so they are not written');
    await mkdir(images, { recursive: true });
    for (const [name, text] of Object.entries(plots(run.records))) await writeFile(path.join(images, name), text);
    await writeFile(page, intoPage(await readFile(page, 'utf8'), asMarkdown(run)));
}

leaveNothingBehind();
const flag = { type: 'boolean', default: false };
const word = { type: 'string' };
const { values: options, positionals } = parseArgs({
    allowPositionals: true,
    options: { quick: flag, write: flag, guard: flag, rounds: word, seconds: { ...word, default: '2' }, with: word, from: word },
});
const guard = JSON.parse(await readFile(guardFile, 'utf8'));
const { run, failures } = options.from === undefined ? await measured(options, positionals, guard) : { run: await recorded(options.from), failures: [] };
console.log(asText(run.records, run.quick ? undefined : guard));
for (const { line, peer, error } of failures) console.log(`FAILED ${line} ${peer}: ${error.stack}`);
if (options.write) await write(run);

const isMissed = !run.quick && Object.keys(lines).some((name) => ![undefined, 'met'].includes(verdictOf(name, run.records)?.verdict));
const isWorse = !run.quick && guarded(run.records, guard).some(({ holds }) => !holds);
process.exitCode = failures.length > 0 || isWorse || (isMissed && !options.guard && options.from === undefined) ? 1 : 0;
