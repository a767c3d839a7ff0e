// Whom a request is asked for, as proxies that speak HTTP say, and as clients that would like to be somebody else do. The address
// shows where limits by address name whom they refuse.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';

import { freePort, inFolder, serveHost } from './support/host_process.mjs';
import { get, Nginx } from './support/nginx.mjs';
import { frame, opcodes, RawClient, upgradeHead } from './support/raw_client.mjs';
import { until, withProcess } from './support/side_process.mjs';
import { Wire } from './support/wire.mjs';

const EMBEDDED = ['-c', 'config/streamhost.yaml'];
const PROXIES = '[127.0.0.1, 127.9.0.0/16]'; // what proxies connect from here; clients and strangers use the rest of 127.0.0.0/8
const [PROXY, STRANGER] = ['127.9.0.1', '127.1.0.1'];
const ONE_EACH = JSON.stringify([{ by: 'address', verbs: ['connect', 'read'], rate: '1/hour', burst: 1 }]);
const LIMITED = { 'plugins.ratelimit.enabled': true, 'plugins.ratelimit.limits': ONE_EACH, 'plugins.ratelimit.connections.per_address': 0 };
const SPOOFED = { 'X-Forwarded-For': '203.0.113.66', Forwarded: 'for=203.0.113.66', 'X-Forwarded-Host': 'evil.example', 'X-Forwarded-Proto': 'https' };

const start = (settings = {}) => serveHost({ 'listeners.public.trusted_proxies': PROXIES, ...LIMITED, ...settings }, { words: EMBEDDED });
const throttled = async (host) => (await host.admin('/admin/v1/ratelimit')).body.throttled.map(({ key }) => key);
const counted = (host, result) => host.metric(`forwarded_headers_total{result="${result}"}`);

/** Comes twice, which is once too often, so that the limiter names the address that it saw. */
async function comeTwice(url, options) {
    const first = await Wire.open({ url }, { options });
    const second = await Wire.open({ url }, { options });
    assert.equal((await second.ended()).code, 4429);
    first.close();
}

/** The address that the limiter sees of somebody who says `fields`. */
async function seen(host, from, fields, before = '') {
    const known = await throttled(host);
    const clients = [];
    for (let count = 0; count < 2; ++count) {
        const client = await RawClient.open(host.port, from);
        client.send(before + upgradeHead('/v1/ws', fields));
        assert.equal((await client.response()).status, 101);
        clients.push(client);
    }
    assert.equal((await clients[1].frame()).opcode, 8);
    clients.forEach((client) => client.close());
    return (await throttled(host)).filter((key) => !known.includes(key)).join(' ');
}

describe('a listener that trusts proxies', () => {
    let host;
    before(async () => (host = await start()));
    after(() => host?.kill());

    it('sees clients behind the nginx of deploy/, whatever they claim', async () => {
        const nginx = await Nginx.start({ gateways: [host.port] });
        try {
            await comeTwice(nginx.url, { localAddress: '127.8.0.1' });
            await comeTwice(nginx.url, { localAddress: '127.8.0.2', headers: SPOOFED });
        } finally {
            await nginx.stop();
        }
        const keys = await throttled(host);
        assert.deepEqual(['127.8.0.1', '127.8.0.2'].filter((client) => !keys.includes(client)), []);
        assert.ok(!keys.includes('203.0.113.66') && !keys.includes('127.0.0.1'), keys.join(' '));
    });

    it('sees clients behind HAProxy, which adds to what they claim', () => inFolder(async (folder) => {
        const port = await freePort();
        const file = path.join(folder, 'haproxy.cfg');
        await writeFile(file, `global\n    maxconn 200\ndefaults\n    mode http\n    option forwardfor\n    timeout connect 1s\n    timeout client 10s\n    timeout server 10s\n` +
            `listen clients\n    bind 127.0.0.1:${port}\n    server host 127.0.0.1:${host.port} source ${PROXY}\n`);
        await withProcess('haproxy', ['-W', '-f', file], async (log) => {
            await until(() => get(port, '/health/live').then(({ status }) => status === 200, () => false), log);
            await comeTwice(`ws://127.0.0.1:${port}`, { localAddress: '127.8.1.1', headers: { 'X-Forwarded-For': '203.0.113.66' } });
        });
        const keys = await throttled(host);
        assert.ok(keys.includes('127.8.1.1') && !keys.includes('203.0.113.66'), keys.join(' '));
    }));

    it('believes no stranger, and counts it', async () => {
        const before = await counted(host, 'untrusted');
        assert.equal(await seen(host, STRANGER, SPOOFED), STRANGER);
        assert.equal(await counted(host, 'untrusted'), before + 2);
    });

    it('walks over proxies, and stops at the first who is none', async () => {
        assert.equal(await seen(host, PROXY, { 'X-Forwarded-For': '203.0.113.66, 127.8.2.1, 127.9.0.7, 127.9.0.8' }), '127.8.2.1');
        assert.equal(await seen(host, PROXY, { 'X-Forwarded-For': '127.9.0.9, 127.8.2.2' }), '127.8.2.2', 'nobody makes himself a proxy');
        assert.match(await seen(host, PROXY, { 'X-Forwarded-For': '[2001:db8:2::1]:4711' }), /2001:db8:2::/);
    });

    it('ignores what a proxy says that nobody understands, and counts it', async () => {
        const before = await counted(host, 'malformed');
        assert.equal(await seen(host, '127.9.3.1', { 'X-Forwarded-For': '203.0.113.66, junk' }), '127.9.3.1');
        assert.equal(await counted(host, 'malformed'), before + 2);
        assert.equal(await seen(host, '127.9.3.2', { Forwarded: 'for=203.0.113.66' }), '127.9.3.2', 'the kind that is not believed');
    });

    it('sees many clients on one connection of a proxy', async () => {
        const proxy = await RawClient.open(host.port, PROXY);
        const ask = async (client) => {
            proxy.send(`GET /v1/sessions/trip/messages HTTP/1.1\r\nHost: localhost\r\n${client === undefined ? '' : `X-Forwarded-For: ${client}\r\n`}\r\n`);
            return (await proxy.response()).status === 429;
        };
        assert.deepEqual([await ask('127.8.4.1'), await ask('127.8.4.1'), await ask('127.8.4.2'), await ask('127.8.4.1')], [false, true, false, true]);
        assert.deepEqual([await ask(), await ask()], [false, true], 'itself, where it names nobody');
        proxy.close();
    });

    it('judges pages by the host and the scheme that their browser used', async () => {
        let number = 0;
        const comes = async (from, fields) => {
            const client = await RawClient.open(host.port, from);
            const head = upgradeHead('/v1/ws', { Host: '127.0.0.1:8080', 'X-Forwarded-For': `127.8.5.${++number}`, ...fields });
            client.send(Buffer.concat([Buffer.from(head), frame(opcodes.close)]));
            assert.equal((await client.response()).status, 101);
            const { payload } = await client.frame();
            client.close();
            return payload.length >= 2 ? payload.readUInt16BE(0) : 1005;
        };
        const page = { Origin: 'http://localhost', 'X-Forwarded-Host': 'localhost' };
        assert.equal(await comes(PROXY, page), 1005, 'its own');
        assert.equal(await comes('127.1.0.2', page), 4403, 'who is no proxy cannot say so');
        assert.equal(await comes(PROXY, { ...page, 'X-Forwarded-Proto': 'https' }), 4403, 'a page in clear');
        assert.equal(await comes(PROXY, { ...page, Origin: 'https://localhost', 'X-Forwarded-Proto': 'https' }), 1005);
        assert.equal(await comes(PROXY, { Origin: 'http://evil.example', 'X-Forwarded-Host': 'evil.example' }), 4403);
        assert.equal(await comes(PROXY, { Host: 'evil.example', Origin: 'http://evil.example', 'X-Forwarded-Host': 'localhost' }), 4403);
    });
});

describe('the other kinds', () => {
    it('Forwarded is read where it is named, and nothing else', async () => {
        const host = await start({ 'listeners.public.forwarded_headers': 'forwarded' });
        try {
            assert.equal(await seen(host, PROXY, { Forwarded: 'for="_x, for=127.8.6.1;proto=https, for="127.9.0.7:80"', 'X-Forwarded-For': '203.0.113.66' }), '127.8.6.1');
            assert.equal(await seen(host, '127.9.6.1', { 'X-Forwarded-For': '203.0.113.66' }), '127.9.6.1');
        } finally {
            await host.kill();
        }
    });

    it('none is read where they are off', async () => {
        const host = await start({ 'listeners.public.forwarded_headers': 'off' });
        try {
            assert.equal(await seen(host, PROXY, SPOOFED), PROXY);
        } finally {
            await host.kill();
        }
    });

    it('come behind a header of the PROXY protocol from whom that names, if it is trusted', async () => {
        const host = await start({ 'listeners.public.proxy_protocol': 'v1' });
        const line = (client) => `PROXY TCP4 ${client} 127.0.0.1 40000 80\r\n`;
        try {
            assert.equal(await seen(host, PROXY, SPOOFED, line('127.8.7.1')), '127.8.7.1');
            assert.equal(await seen(host, PROXY, { 'X-Forwarded-For': '203.0.113.66, 127.8.7.2' }, line('127.9.0.9')), '127.8.7.2');
            assert.equal(await seen(host, '127.9.7.3', SPOOFED, 'PROXY UNKNOWN\r\n'), '127.9.7.3', 'nobody knows who wrote it');
        } finally {
            await host.kill();
        }
    });
});
