// Who may read and call over HTTP where tokens are asked for, and what ends a stream of events.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { Events, call } from './support/events.mjs';
import { serveHost } from './support/host_process.mjs';

const COOKIE = 'chat-token';

let host;
before(async () => {
    host = await serveHost(
        { 'plugins.gateway.authentication': 'required', 'plugins.gateway.token_cookie': COOKIE, 'plugins.auth.enabled': true, 'plugins.auth.dev_tokens.enabled': true },
        { words: ['-c', 'config/streamhost.yaml'] },
    );
});
after(async () => assert.equal((await host?.stop())?.code, 0, host?.log));

const tokenOf = async (user, more = {}) => (await call(host, 'POST', '/v1/dev-token', { user, ...more })).body.token;
const bearer = (token) => ({ Authorization: `Bearer ${token}` });
const send = (session, headers) => call(host, 'POST', `/v1/sessions/${session}/messages`, { content: 'a' }, headers);
const read = (stream, headers) => Events.open(host, `/v1/streams/${stream}`, { headers });

describe('tokens over HTTP', { timeout: 60_000 }, () => {
    it('are asked for, and judged, at each call', async () => {
        const [ann, bob] = [bearer(await tokenOf('ann')), bearer(await tokenOf('bob'))];
        const missing = await send('hers', {});
        assert.deepEqual([missing.status, missing.body.code, missing.headers.get('www-authenticate')], [401, 'unauthenticated', 'Bearer']);
        assert.equal((await send('hers', bearer('nonsense'))).status, 401);
        assert.equal((await send('hers', ann)).status, 202);
        for (const answer of [await send('hers', bob), await call(host, 'GET', '/v1/sessions/hers/messages', undefined, bob), await read('hers', bob)]) assert.equal(answer.status, 403);
        assert.equal((await read('hers', {})).status, 401);
        const onlyReads = bearer(await tokenOf('ann', { grants: ['read:@own'] }));
        assert.equal((await send('hers', onlyReads)).status, 403);
        const stream = await read('hers', onlyReads);
        assert.equal(stream.status, 200);
        stream.close();
    });

    it('come in a cookie from pages of this host alone', async () => {
        const cookie = { Cookie: `${COOKIE}=${await tokenOf('ann')}` };
        assert.equal((await send('hers2', { ...cookie, Origin: `http://127.0.0.1:${host.port}` })).status, 202);
        const own = await read('hers2', { ...cookie, 'Sec-Fetch-Site': 'same-origin' });
        assert.equal(own.status, 200);
        own.close();
        for (const site of [{}, { 'Sec-Fetch-Site': 'cross-site' }]) assert.equal((await read('hers2', { ...cookie, ...site })).status, 401);
    });

    it('end the stream when they are revoked', async () => {
        const token = bearer(await tokenOf('eve'));
        assert.equal((await send('eves', token)).status, 202);
        const stream = await read('eves', token);
        await stream.event(({ event }) => event === 'caught_up');
        assert.equal((await host.admin('/admin/v1/auth/revoke', { user: 'eve' })).status, 200);
        assert.equal((await stream.data('error')).code, 'unauthenticated');
        assert.equal(await stream.end(), 'whole');
        assert.equal((await read('eves', token)).status, 401);
    });
});
