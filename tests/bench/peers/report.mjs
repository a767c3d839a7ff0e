// What was measured, as text: the table of the terminal, and the figures of docs/performance.md.
import { median } from '../support/verdicts.mjs';
import { lines } from './lines.mjs';
import { ROUNDS, US, guarded, judge, ratios, summary } from './statistics.mjs';
import { bars, curves } from './svg.mjs';

const MARKS = ['<!-- figures: written by ./dev bench --peers --write -->', '<!-- end of the figures -->'];
const NAMES = { uws: 'uWebSockets', epoll: 'raw epoll', beast: 'Boost.Beast', poco: 'Poco', socketio: 'socket.io', nats: 'NATS' };
export const nameOf = (peer) => NAMES[peer] ?? peer;

/** Three digits that mean something: 1.41 M, 76 k, 0.97. */
export function short(value) {
    if (value === undefined || !Number.isFinite(value)) return '-';
    if (value >= 999_500) return `${(value / 1e6).toFixed(2)} M`;
    if (value >= 9_950) return `${(value / 1e3).toFixed(0)} k`;
    if (value >= 1_000) return `${(value / 1e3).toFixed(1)} k`;
    return value >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}
const percent = (value) => (value === undefined ? '-' : `${(value * 100).toFixed(0)} %`);
const capital = (text) => text[0].toUpperCase() + text.slice(1);
const range = ({ least, most }) => (short(least) === short(most) ? '' : `${short(least)} to ${short(most)}`);

const WORST = ['met', 'not valid', 'missed'];
const worst = (verdicts) => verdicts.toSorted((a, b) => WORST.indexOf(b) - WORST.indexOf(a))[0];

/** What was to be reached in a line, and whether it was; nothing for lines without a target, or without the peer of it. */
export function verdictOf(name, records) {
    const line = lines[name];
    const own = records.filter(({ line: of, peer, isValid }) => of === name && peer === US && isValid);
    const values = own.map(({ value }) => value);
    const leastRounds = line.rounds ?? ROUNDS;
    const held = [];
    if (line.target !== undefined) {
        const all = ratios(records.filter(({ line: of }) => of === name), US, line.target.peer);
        if (records.some(({ line: of, peer }) => of === name && peer === line.target.peer)) {
            held.push({ target: `${line.target.ratio} x ${nameOf(line.target.peer)}`, verdict: judge(all, line.target.ratio, { leastRounds }) });
        }
    }
    if (line.most !== undefined) held.push({ target: `at most ${short(line.most)}`, verdict: judge(values, line.most, { isMoreBetter: false, leastRounds }) });
    if (line.least !== undefined) held.push({ target: `at least ${short(line.least)}`, verdict: judge(values, line.least, { leastRounds }) });
    if (line.mostP50 !== undefined) {
        const p50 = own.map((record) => record.p50);
        held.push({ target: `p50 under ${line.mostP50} ms`, verdict: judge(p50, line.mostP50, { isMoreBetter: false, leastRounds }) });
    }
    if (held.length === 0) return undefined;
    return { target: held.map(({ target }) => target).join(', '), verdict: worst(held.map(({ verdict }) => verdict)) };
}

/** @returns {{name: string, rows: object[], verdict?: {target: string, verdict: string}}[]} */
export function tables(records) {
    return Object.keys(lines)
        .filter((name) => records.some(({ line }) => line === name))
        .map((name) => {
            const own = records.filter(({ line }) => line === name);
            const order = lines[name].peers.filter((peer) => own.some((record) => record.peer === peer));
            const rows = order.map((peer) => summary(own, peer));
            const sign = lines[name].isLessBetter ? 1 : -1;
            return { name, rows: rows.toSorted((a, b) => sign * (a.value.median - b.value.median)), verdict: verdictOf(name, records) };
        });
}

const HEAD = ['', 'median', 'rounds (valid)', 'range', 'streamhost to it', 'its range', 'delivered', 'p50 ms', 'p99 ms', 'server CPU', 'generator CPU', 'others'];
const cells = (row) => [
    nameOf(row.peer),
    short(row.value.median),
    `${row.rounds} (${row.valid})`,
    range(row.value),
    row.ratio === undefined ? '' : row.ratio.median.toFixed(2),
    row.ratio === undefined ? '' : `${row.ratio.least.toFixed(2)} to ${row.ratio.most.toFixed(2)}`,
    row.delivered === undefined ? '' : `${(row.delivered * 100).toFixed(1)} %`,
    short(row.p50),
    short(row.p99),
    percent(row.server),
    percent(row.generator),
    percent(row.others),
];

/** Without a guard nothing is judged. */
export function asText(records, guard) {
    const blocks = tables(records).map(({ name, rows, verdict }) => {
        const all = [HEAD, ...rows.map(cells)];
        const widths = HEAD.map((_, column) => Math.max(...all.map((row) => row[column].length)));
        const padded = (cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]));
        const table = all.map((row) => `  ${row.map(padded).join('  ')}`);
        const judged = verdict === undefined || guard === undefined ? '' : ` | to reach: ${verdict.target} | ${verdict.verdict}`;
        return [`${name}: ${lines[name].title} | ${lines[name].unit}${judged}`, ...table].join('\n');
    });
    const kept = guarded(records, guard ?? {}).map(({ line, peer, least, ratio, holds }) => {
        const said = ratio === undefined ? 'too few undisturbed rounds' : `${ratio.toFixed(2)} x ${nameOf(peer)}`;
        return `  ${holds ? 'ok  ' : 'FAIL'} ${line}: ${said}, at least ${least}`;
    });
    if (kept.length > 0) blocks.push(['guard: ratios that must not fall', ...kept].join('\n'));
    return blocks.join('\n\n');
}

const barOf = ({ peer, value: { median, least, most } }) => ({
    name: nameOf(peer),
    value: median,
    least,
    most,
    label: short(median),
    isOurs: peer === US,
});

/** CPU of a delivery by the number of connections. */
function costCurve(records) {
    const own = records.filter(({ line }) => line.startsWith('curve-'));
    const points = (peer) =>
        [...new Set(own.filter((record) => record.peer === peer).map(({ line }) => line))].map((name) => {
            const { value } = summary(own.filter(({ line }) => line === name), peer);
            return [lines[name].parameters(false).channels * (lines[name].processes ?? 1), 1e6 / value.median];
        });
    const seen = [...new Set(own.map(({ peer }) => peer))];
    if (seen.length === 0) return {};
    const axes = { x: 'connections, a stream each (36 k: in two processes); 10,000 messages/s in all', y: 'us' };
    const drawn = seen.map((peer) => ({ name: nameOf(peer), points: points(peer) }));
    return { 'curve.svg': curves('CPU of the server for a delivery, by connections', axes, drawn) };
}

const SHARES = [['p50_us', 50], ['p90_us', 90], ['p99_us', 99], ['p99_9_us', 99.9], ['p99_99_us', 99.99]];

/** Up to which latency so many of the messages came. */
function latencyCurve(records) {
    const timed = records.filter(({ line, isValid, latency }) => line === 'streams-10k' && isValid && latency !== undefined);
    const middle = (peer, key) => median(timed.filter((record) => record.peer === peer).map(({ latency }) => latency[key]));
    const some = lines['streams-10k'].peers.filter((peer) => timed.some((record) => record.peer === peer));
    if (some.length === 0) return {};
    const points = (peer) => SHARES.map(([key, share]) => [100 / (100 - share), middle(peer, key) / 1_000]);
    const title = 'Latency from the moment a message was due, 1,000 streams, 10,000 messages/s';
    return { 'latency.svg': curves(title, { x: '1 of so many is later', y: 'ms' }, some.map((peer) => ({ name: nameOf(peer), points: points(peer) }))) };
}

/** Name of the file to its text. */
export function plots(records) {
    const files = {};
    for (const { name, rows } of tables(records)) {
        if (rows.length < 2 || name.startsWith('curve-')) continue;
        files[`${name}.svg`] = bars(`${lines[name].title}: ${lines[name].unit}`, rows.map(barOf));
    }
    return { ...files, ...costCurve(records), ...latencyCurve(records) };
}

const MODEL = [
    ['streams-50k', 1],
    ['streams-10k', 1],
    ['echo', 10],
    ['fan-out', 32],
];

/** A send() of so many messages is the least that a delivery costs: what that allows, and what came out. */
function model(records, limit) {
    const rows = MODEL.flatMap(([name, messages]) => {
        const own = records.filter(({ line }) => line === name);
        if (!own.some(({ peer }) => peer === US) || limit === undefined) return [];
        const most = (1e9 * messages) / limit[messages];
        const reached = (peer) => {
            if (!own.some((record) => record.peer === peer)) return '-';
            const { value } = summary(own, peer);
            return `${short(value.median)} (${percent(value.median / most)})`;
        };
        return [`| ${name} | ${messages} | ${short(most)} | ${[US, 'uws', 'epoll'].map(reached).join(' | ')} |`];
    });
    if (rows.length === 0) return [];
    const measured = Object.entries(limit).map(([messages, ns]) => `${messages}: ${short(ns)} ns`).join(', ');
    return [
        '### Against the limit of `send`',
        '',
        `CPU of a \`send()\` to one of 1,000 loopback sockets, by how many messages of 154 bytes are in it, measured in the same run: ${measured}.`,
        '',
        '| line | messages in a `send()` at best | deliveries a CPU-second if `send()` were all | streamhost | uWebSockets | raw epoll |',
        '|---|---|---|---|---|---|',
        ...rows,
        '',
    ];
}

/** The part of the page between the marks. */
export function asMarkdown({ records, limit, machine, at, commit, versions }) {
    const known = Object.entries(versions).map(([name, version]) => `${name} ${version ?? '?'}`).join(', ');
    const files = plots(records);
    const blocks = tables(records).flatMap(({ name, rows, verdict }) => [
        `### ${name}`,
        '',
        `${lines[name].title}. ${capital(lines[name].unit)}${verdict === undefined ? '.' : `; to reach: ${verdict.target}: **${verdict.verdict}**.`}`,
        '',
        `| ${HEAD.join(' | ')} |`,
        `|${HEAD.map(() => '---').join('|')}|`,
        ...rows.map((row) => `| ${cells(row).join(' | ')} |`),
        '',
        ...(`${name}.svg` in files ? [`![${name}](images/performance/${name}.svg)`, ''] : []),
        ...(name === 'streams-10k' && 'latency.svg' in files ? ['![latency](images/performance/latency.svg)', ''] : []),
    ]);
    const curve = 'curve.svg' in files ? ['![cost by connections](images/performance/curve.svg)', ''] : [];
    const missing = Object.keys(lines).filter((name) => !records.some(({ line }) => line === name));
    const open = missing.length === 0 ? [] : [`Not measured: ${missing.join(', ')}.`, ''];
    return [`Of ${at.slice(0, 10)}, commit ${commit}, on ${machine}. ${known}.`, '', ...open, ...blocks, ...curve, ...model(records, limit)].join('\n');
}

/** The page with other figures. */
export function intoPage(page, figures) {
    const [from, to] = MARKS.map((mark) => page.indexOf(mark));
    if (from < 0 || to < from) throw new Error(`docs/performance.md has no line ${MARKS[0]} with ${MARKS[1]} after it`);
    return `${page.slice(0, from + MARKS[0].length)}\n\n${figures.trimEnd()}\n\n${page.slice(to)}`;
}
