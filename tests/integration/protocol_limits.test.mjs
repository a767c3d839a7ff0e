// What `welcome` tells of the limits is what holds, also where the operator allows less than the protocol would.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { serveHost } from './support/host_process.mjs';
import { Wire } from './support/wire.mjs';

describe('limits of the operator', { timeout: 60_000 }, () => {
    let host;
    before(async () => {
        host = await serveHost({ 'limits.message_bytes': 4_096, 'limits.heartbeat_ms': 5_000, 'plugins.gateway.max_streams': 3 }, { words: ['-c', 'config/streamhost.yaml'] });
    });
    after(async () => assert.equal((await host.stop()).code, 0, host.log));

    it('are told, and hold to the byte', async () => {
        const wire = await Wire.join(host, { session: 'limits' });
        const { heartbeat_ms, limits } = wire.welcome;
        assert.equal(heartbeat_ms, 5_000);
        assert.deepEqual([limits.message_bytes, limits.streams], [4_096, 3]);
        const padded = (bytes) => {
            const rest = '{"type":"ping","id":"p","x":""}'.length;
            return `{"type":"ping","id":"p","x":"${'x'.repeat(bytes - rest)}"}`;
        };
        wire.say(padded(limits.message_bytes));
        assert.equal((await wire.frame((frame) => frame.id === 'p')).type, 'pong');
        wire.say(padded(limits.message_bytes + 1));
        assert.equal((await wire.ended()).code, 4413);
    });
});
