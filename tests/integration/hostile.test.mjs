// What a host on the open net has to live through: beside each attack a client that does nothing wrong is served as before, and when the
// attack is over the host holds what it held.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { startAttacker } from './support/attacker.mjs';
import { HEAVY_STREAMS, attacks } from './support/attacks.mjs';
import { call } from './support/events.mjs';
import { serveHost } from './support/host_process.mjs';
import { Stopwatch } from './support/machine.mjs';
import { Footprint, WellBehaved, boundOf, inOneOf, p99, span } from './support/well_behaved.mjs';

const CALM_MS = 1_000;
/** Host, client and attacker share the cores of one machine: slices of the processor's time are in what is measured. */
const SLICES_MS = 15;
const SPARE_BYTES = 16 << 20; // of all attacks together
const ROUNDS = 3;
const SETTINGS = {
    'limits.head_timeout_ms': 3_000,
    'limits.heartbeat_ms': 1_000,
    'limits.slow_reader_ms': 1_000,
    'delivery.idle_shrink_ms': 500,
};

async function fill(host, stream) {
    const entries = Array(4).fill({ kind: 'part', text: 'x'.repeat(128 << 10) });
    for (let count = 0; count < 14; ++count) assert.equal((await call(host, 'POST', `/v1/streams/${stream}`, { entries })).status, 200);
}

describe('a client that does nothing wrong', { timeout: 280_000 }, () => {
    let host;
    let attacker;
    let client;
    let base;
    before(async () => {
        host = await serveHost(SETTINGS, { words: ['-c', 'config/streamhost.yaml'] });
        for (const stream of HEAVY_STREAMS) await fill(host, stream);
        attacker = await startAttacker(host);
        client = await WellBehaved.join(host);
        await client.latencies(span(CALM_MS)); // what is made at first use is there then
        base = await Footprint.of(host);
    });
    after(async () => {
        client?.close();
        attacker?.stop();
        assert.deepEqual(await host?.stop(), { code: 0, signal: null });
    });

    for (const attack of Object.keys(attacks)) {
        it(`is served as before beside ${attack}`, async (test) => {
            const round = async () => {
                const calm = await client.latencies(span(CALM_MS));
                const watch = new Stopwatch();
                const attacked = attacker.ask(attack);
                const disturbed = await client.latencies(attacked);
                const { tries, unexpected } = await attacked;
                assert.deepEqual(unexpected, {});
                test.diagnostic(`${tries} tries, undisturbed p99 ${p99(calm).toFixed(2)} ms of ${calm.length}`);
                return () => watch.within(boundOf(calm, SLICES_MS), `p99 of ${disturbed.length}`, test, p99(disturbed));
            };
            await inOneOf(ROUNDS, round);
            const grown = await base.isBack(SPARE_BYTES);
            test.diagnostic(`memory ${(grown / 1_024).toFixed(0)} KiB over the first`);
        });
    }
});
