import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';

import { lines } from '../lines.mjs';
import { asMarkdown, asText, intoPage, plots, short, verdictOf } from '../report.mjs';
import { bars, curves } from '../svg.mjs';

const record = (line, peer, round, value, more = {}) => ({ line, peer, round, value, others: 0.01, isValid: true, ...more });
const nine = (line, peer, value, more) => Array.from({ length: 9 }, (_, round) => record(line, peer, round, value + round, more));

describe('figures', () => {
    it('have three digits', () => {
        const said = [1_411_000, 999_600, 76_400, 9_960, 1_234, 761, 0.9712, 0, undefined, NaN].map(short);
        assert.deepEqual(said, ['1.41 M', '1.00 M', '76 k', '10 k', '1.2 k', '761', '0.971', '0', '-', '-']);
    });
});

describe('verdicts of lines', () => {
    it('need the peer that the target is a ratio to', () => {
        assert.equal(verdictOf('echo', nine('echo', 'streamhost', 100)), undefined);
        const both = [...nine('echo', 'streamhost', 100), ...nine('echo', 'uws', 100)];
        assert.deepEqual(verdictOf('echo', both), { target: '1 x uWebSockets', verdict: 'met' });
    });

    it('are the worst of several', () => {
        const records = (p50) => [...nine('streams-10k', 'streamhost', 100, { p50 }), ...nine('streams-10k', 'uws', 100)];
        assert.equal(verdictOf('streams-10k', records(0.09)).verdict, 'met');
        assert.equal(verdictOf('streams-10k', records(0.2)).verdict, 'missed');
    });

    it('of memory hold the bytes against their limit', () => {
        assert.equal(verdictOf('idle-bare', [record('idle-bare', 'streamhost', 0, 480)]).verdict, 'met');
        assert.equal(verdictOf('idle-bare', [record('idle-bare', 'streamhost', 0, 900)]).verdict, 'missed');
    });

    it('want as many undisturbed rounds as the line has', () => {
        const both = [...nine('echo', 'streamhost', 100), ...nine('echo', 'uws', 100)];
        assert.equal(verdictOf('echo', both.filter(({ round }) => round !== 4)).verdict, 'not valid');
        assert.equal(verdictOf('storm', [0, 1, 2].map((round) => record('storm', 'streamhost', round, 1_200))).verdict, 'met');
    });

    it('of disturbed windows are none', () => {
        const disturbed = [...nine('echo', 'streamhost', 100, { isValid: false }), ...nine('echo', 'uws', 1)];
        assert.equal(verdictOf('echo', disturbed).verdict, 'not valid');
    });
});

describe('the report', () => {
    const latency = { p50_us: 60, p90_us: 90, p99_us: 400, p99_9_us: 900, p99_99_us: 2_000 };
    const records = [...nine('streams-10k', 'streamhost', 60_000, { p50: 0.06, p99: 0.4, latency }), ...nine('streams-10k', 'epoll', 50_000, { p50: 0.05, latency })];
    const run = { records, limit: { 1: 4_000, 32: 8_000 }, machine: 'a machine', at: '2026-11-23T10:00:00Z', commit: 'abc', versions: { ws: '8' } };

    it('has the best first and says how we are to each', () => {
        const text = asText(records, { 'streams-10k': { peer: 'epoll', least: 2 } });
        assert.match(text, /streamhost +60 k[^]*raw epoll +50 k.* 1\.20 /);
        assert.match(text, /FAIL streams-10k: 1\.20 x raw epoll, at least 2/);
    });

    it('judges nothing without a guard', () => {
        assert.match(asText(records, {}), /to reach: 1 x|p50 under/);
        assert.doesNotMatch(asText(records), /to reach|guard/);
    });

    it('says which guarded ratio could not be taken', () => {
        const disturbed = records.map((one) => ({ ...one, isValid: false }));
        assert.match(asText(disturbed, { 'streams-10k': { peer: 'epoll', least: 0.5 } }), /FAIL streams-10k: too few undisturbed rounds/);
    });

    it('says what was not measured', () => assert.match(asMarkdown(run), /\nNot measured: fan-out, [^]*curve-2x18k\.\n/));

    it('counts what a send() allows', () => assert.match(asMarkdown(run), /\| streams-10k \| 1 \| 250 k \| 60 k \(24 %\) \| - \| 50 k \(20 %\) \|/));

    it('stands between its marks and nowhere else', async () => {
        const page = await readFile(new URL('../../../../docs/performance.md', import.meta.url), 'utf8');
        const once = intoPage(page, 'FIGURES');
        assert.match(once, /\n\nFIGURES\n\n/);
        assert.equal(intoPage(intoPage(page, 'others'), 'FIGURES'), once);
        assert.throws(() => intoPage('a page without marks', 'FIGURES'), /has no line/);
    });

    it('gives the same plots for the same figures', () => {
        assert.deepEqual(plots(records), plots(structuredClone(records)));
        assert.deepEqual(Object.keys(plots(records)), ['streams-10k.svg', 'latency.svg']);
    });

    it('knows a title and a value for every line', () => {
        for (const [name, line] of Object.entries(lines)) {
            assert.ok(line.title && line.unit && line.scenario && line.peers.includes('streamhost'), name);
            assert.equal(typeof line.parameters(true), 'object', name);
            const said = { per_cpu_second: 1, numbers: { bytes_per_connection_of_second_half: 1, all_back_ms: 1, delivered_share: 1 } };
            assert.equal(line.value(said), 1, name);
        }
    });
});

describe('a plot', () => {
    const isWellFormed = (svg) => {
        const open = [];
        for (const [, end, name, rest] of svg.matchAll(/<(\/?)(\w+)([^>]*)>/g)) {
            if (end) assert.equal(open.pop(), name);
            else if (!rest.endsWith('/')) open.push(name);
        }
        assert.deepEqual(open, []);
        assert.doesNotMatch(svg, /NaN|undefined|Infinity/);
    };

    it('of bars is as long as its values say', () => {
        const svg = bars('a < b', [{ name: 'one', value: 10, label: '10', isOurs: true }, { name: 'two', value: 5, label: '5' }]);
        isWellFormed(svg);
        assert.match(svg, /a &lt; b/);
        assert.deepEqual([...svg.matchAll(/width="([\d.]+)" height="16"/g)].map(([, width]) => Number(width)), [480, 240]);
    });

    it('of nothing at all is still one', () => isWellFormed(bars('none', [{ name: 'one', value: 0, label: '0' }])));

    it('of curves has a path for each, and leaves out what has no logarithm', () => {
        const svg = curves('t', { x: 'x', y: 'y' }, [{ name: 'a', points: [[1, 1], [10, 100]] }, { name: 'b', points: [[0, 5], [10, 5]] }]);
        isWellFormed(svg);
        assert.equal([...svg.matchAll(/stroke-width="2"/g)].length, 2);
    });
});
