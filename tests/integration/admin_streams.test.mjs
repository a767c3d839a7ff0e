// GET /admin/v1/streams: what an operator sees of the streams that readers of a node follow.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { serveHost } from './support/host_process.mjs';
import { Wire } from './support/wire.mjs';

describe('streams, for operators', { timeout: 60_000 }, () => {
    let host;
    let wire;
    const list = async (query = '') => (await host.admin(`/admin/v1/streams${query}`)).body;
    const write = async (stream) => {
        const { fence } = await wire.ask({ type: 'claim', stream, lease_ms: 60_000 });
        assert.equal((await wire.ask({ type: 'append', stream, fence, seq: 1, entries: [{ kind: 'text', delta: 'a' }] })).type, 'appended');
        await wire.ask({ type: 'subscribe', stream });
        await wire.frame((frame) => frame.type === 'caught_up' && frame.stream === stream);
    };

    before(async () => {
        host = await serveHost({}, { words: ['-c', 'config/streamhost.yaml'] });
        wire = await Wire.join(host, { session: 'mine' });
    });
    after(async () => {
        wire.close();
        assert.equal((await host.stop()).code, 0, host.log);
    });

    it('are shown with what is known of them here', async () => {
        await write('other.first');
        const second = await Wire.join(host, { session: 'theirs' });
        await second.ask({ type: 'subscribe', stream: 'other.first' });
        await host.until(async () => (await list('?session=other')).streams[0]?.readers === 2);
        const { total, streams } = await list('?session=other');
        const [{ silent_ms, ...one }] = streams;
        assert.deepEqual([total, one], [1, { stream: 'other.first', state: 'open', owned: true, last: 1, readers: 2, stalled: false }]);
        assert.ok(silent_ms >= 0 && silent_ms < 60_000, `${silent_ms}`);
        second.close();
        await host.until(async () => (await list('?session=other')).streams[0].readers === 1);
    });

    it('the open run that is silent for longest comes first, shared streams and those with an end last', async () => {
        await write('other.second');
        const { run } = await wire.ask({ type: 'send', content: 'one' });
        await wire.frame((frame) => frame.type === 'end' && frame.stream === run);
        const { total, streams } = await list();
        assert.equal(total, streams.length);
        assert.deepEqual(streams.slice(0, 2).map(({ stream }) => stream), ['other.first', 'other.second']);
        assert.ok(streams.slice(2).some(({ stream, owned }) => stream === 'mine' && !owned), JSON.stringify(streams));
        const short = await list('?limit=1');
        // The run that has ended leaves when its last reader has.
        assert.ok(short.total === total || short.total === total - 1, `${short.total} of ${total}`);
        assert.deepEqual(short.streams.map(({ stream }) => stream), ['other.first']);
    });

    it('a typing error does not show something else', async () => {
        for (const query of ['?sesion=other', '?session=other&session=mine', '?limit=0', '?limit=1001', '?limit=many', '?session=%', '?limit']) {
            const answer = await host.admin(`/admin/v1/streams${query}`);
            assert.deepEqual([answer.status, answer.body.code], [400, 'bad_request'], query);
        }
        assert.equal((await host.admin('/admin/v1/streams', {})).status, 405);
        assert.deepEqual(await list('?session=nobody'), { total: 0, streams: [] });
    });
});
