// Headers in which a client says that it asks for somebody else. Nobody is trusted to say so by default: the address is that of the
// connection, in limits and in the audit log.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { serveHost } from './support/host_process.mjs';
import { get } from './support/nginx.mjs';
import { Wire } from './support/wire.mjs';

const TEST_MS = 60_000;
const STRANGER = '127.7.0.1';
const OTHER = '127.7.0.2';
const CONNECTIONS = 4;
const ASKS = 6;
const LIMITS = JSON.stringify([{ by: 'address', verbs: ['read'], rate: '1/hour', burst: ASKS }]);

/** All the ways to claim another address, another one each time. */
let claimed = 0;
const claims = () => {
    const address = `203.0.113.${++claimed}`;
    return { 'X-Forwarded-For': address, 'X-Real-IP': address, Forwarded: `for=${address}`, 'X-Client-IP': address, 'True-Client-IP': address };
};

describe('who claims another address', { timeout: TEST_MS }, () => {
    let host;
    before(async () => {
        host = await serveHost(
            { 'plugins.ratelimit.enabled': true, 'plugins.ratelimit.limits': LIMITS, 'plugins.ratelimit.connections.per_address': CONNECTIONS },
            { words: ['-c', 'config/streamhost.yaml'] },
        );
    });
    after(async () => {
        assert.deepEqual(await host?.stop(), { code: 0, signal: null });
    });
    const open = (from) => Wire.open(host, { options: { localAddress: from, headers: claims() } });
    const limiter = async () => (await host.admin('/admin/v1/ratelimit')).body;

    it('has no more connections than others', async () => {
        const wires = [];
        for (let count = 0; count < CONNECTIONS; ++count) wires.push(await open(STRANGER));
        const late = await open(STRANGER);
        assert.equal((await late.ended()).code, 4429);
        assert.equal(await host.metric('ratelimit_connections_refused_total{by="address"}'), 1);
        const other = await open(OTHER);
        assert.equal((await other.ask({ type: 'hello', session: 'other' })).type, 'welcome', 'nobody pays for it');
        for (const wire of [...wires, other]) wire.close();
    });

    it('asks no more often than others, on whatever connection', async () => {
        const ask = async () => (await get(host.port, '/v1/sessions/trip/messages', { from: STRANGER, headers: claims() })).status;
        for (let count = 0; count < ASKS; ++count) assert.equal(await ask(), 200);
        assert.equal(await ask(), 429);
        const wire = await open(STRANGER);
        await wire.ask({ type: 'hello', session: 'trip' });
        assert.equal((await wire.ask({ type: 'history' })).code, 'rate_limited');
        wire.close();
        const addresses = (await limiter()).throttled.filter(({ by }) => by === 'address').map(({ key }) => key);
        assert.deepEqual(addresses, [STRANGER]);
    });

    it('stands in the audit log as who connected', async () => {
        const { status } = await get(host.adminPort, '/admin/v1/sessions/nobody/kick', { from: STRANGER, headers: claims(), method: 'POST' });
        assert.equal(status, 200);
        await host.printed(/audit: admin call .*path=\/admin\/v1\/sessions\/nobody\/kick peer=127\.7\.0\.1/);
        assert.doesNotMatch(host.log, /203\.0\.113\./);
    });
});
