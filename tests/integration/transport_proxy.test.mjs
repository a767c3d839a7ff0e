// Listeners whose proxies say whose connections these are, with the proxies that people use. The address shows where limits by
// address name whom they refuse.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';

import { freePort, inFolder, runHost, serveHost } from './support/host_process.mjs';
import { secureListener } from './support/nginx.mjs';
import { RawClient, upgradeHead } from './support/raw_client.mjs';
import { until, withProcess } from './support/side_process.mjs';
import { Wire } from './support/wire.mjs';

const EMBEDDED = ['-c', 'config/streamhost.yaml'];
const PROXIES = '127.9.0.0/16'; // what proxies connect from here; clients and strangers use the rest of 127.0.0.0/8
const [PROXY, STRANGER] = ['127.9.0.1', '127.1.0.1'];
const ONE_EACH = JSON.stringify([{ by: 'address', verbs: ['connect'], rate: '1/hour', burst: 1 }]);
const LIMITED = { 'plugins.ratelimit.enabled': true, 'plugins.ratelimit.limits': ONE_EACH, 'plugins.ratelimit.connections.per_address': 0 };
const TRUSTING = { 'listeners.public.proxy_protocol': 'any', 'listeners.public.trusted_proxies': `[${PROXIES}]` };
const REQUEST = 'GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n';
const LAST_REQUEST = REQUEST.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n');
const line = (client, port = 40_000) => `PROXY TCP4 ${client} 192.0.2.7 ${port} 443\r\n`;

/** Header of version 2. */
function binary(command, family, rest = '') {
    const addresses = Buffer.from(rest, 'hex');
    const fixed = Buffer.from('0d0a0d0a000d0a515549540a00000000', 'hex');
    fixed.writeUInt8(0x20 | command, 12);
    fixed.writeUInt8(family, 13);
    fixed.writeUInt16BE(addresses.length, 14);
    return Buffer.concat([fixed, addresses]);
}

const throttled = async (host) => (await host.admin('/admin/v1/ratelimit')).body.throttled.map(({ key }) => key);
const counted = (host, result) => host.metric(`proxy_headers_total{result="${result}"}`);

/** Comes twice, which is once too often, so that the limiter names the address that it saw. */
async function comeTwice(url, options) {
    const first = await Wire.open({ url }, { options });
    const second = await Wire.open({ url }, { options });
    assert.equal((await second.ended()).code, 4429);
    first.close();
}

describe('a listener that proxies speak the PROXY protocol to', () => {
    let host;
    let folder;
    let release;
    let secure;
    before(() => new Promise((resolve, reject) => {
        inFolder(async (made) => {
            folder = made;
            const tls = await secureListener(path.join(made, 'tls'));
            const port = await freePort();
            host = await serveHost(
                { ...TRUSTING, ...LIMITED, ...tls, 'listeners.secure.address': `127.0.0.1:${port}`, 'listeners.secure.proxy_protocol': 'any', 'listeners.secure.trusted_proxies': `[${PROXIES}]`, 'limits.head_timeout_ms': 1_000 },
                { words: EMBEDDED },
            );
            secure = port;
            resolve();
            await new Promise((done) => (release = done));
        }).catch(reject);
    }));
    after(async () => {
        await host?.kill();
        release?.();
    });

    it('sees clients behind HAProxy, in both versions and before TLS', async (test) => {
        const ways = [
            ['send-proxy', host.port, 'ws'],
            ['send-proxy-v2', host.port, 'ws'],
            ['send-proxy-v2 proxy-v2-options crc32c,unique-id,authority check inter 200ms', host.port, 'ws'],
            ['send-proxy', secure, 'wss'],
            ['send-proxy-v2 proxy-v2-options crc32c', secure, 'wss'],
        ];
        const ports = await Promise.all(ways.map(() => freePort()));
        const part = ([how, target], index) => `listen way${index}\n    bind 127.0.0.1:${ports[index]}\n    unique-id-format %pid-%rt\n    server host 127.0.0.1:${target} ${how} source ${PROXY}\n`;
        const file = path.join(folder, 'haproxy.cfg');
        await writeFile(file, `global\n    maxconn 200\ndefaults\n    mode tcp\n    timeout connect 1s\n    timeout client 10s\n    timeout server 10s\n${ways.map(part).join('')}`);
        await withProcess('haproxy', ['-W', '-f', file], async (log) => {
            await until(() => RawClient.open(ports[0]).then((client) => (client.close(), true), () => false), log);
            for (const [index, [how, , scheme]] of ways.entries()) {
                const client = `127.8.0.${index + 1}`;
                test.diagnostic(`${scheme} ${how}: ${client}`);
                await comeTwice(`${scheme}://127.0.0.1:${ports[index]}`, { localAddress: client, rejectUnauthorized: false });
                assert.ok((await throttled(host)).includes(client), `${how}: ${await throttled(host)}`);
            }
        });
        assert.ok(!(await throttled(host)).includes(PROXY));
    });

    it('sees clients behind the stream module of nginx', async () => {
        const [plain, passed] = [await freePort(), await freePort()];
        const server = (port, target) => `server { listen 127.0.0.1:${port}; proxy_pass 127.0.0.1:${target}; proxy_protocol on; proxy_bind ${PROXY}; }`;
        const file = path.join(folder, 'nginx.conf');
        const config = `load_module /usr/lib/nginx/modules/ngx_stream_module.so;\npid ${folder}/nginx.pid;\nerror_log stderr;\nevents {}\nstream { ${server(plain, host.port)} ${server(passed, secure)} }\n`;
        await writeFile(file, config);
        await withProcess('nginx', ['-p', folder, '-e', 'stderr', '-c', file, '-g', 'daemon off;'], async (log) => {
            await until(() => RawClient.open(plain).then((client) => (client.close(), true), () => false), log);
            await comeTwice(`ws://127.0.0.1:${plain}`, { localAddress: '127.8.1.1' });
            await comeTwice(`wss://127.0.0.1:${passed}`, { localAddress: '127.8.1.2', rejectUnauthorized: false });
        });
        for (const client of ['127.8.1.1', '127.8.1.2']) assert.ok((await throttled(host)).includes(client), client);
    });

    it('sees clients of IPv6, and takes a header in any pieces', async () => {
        const v6 = binary(1, 0x21, `20010db8${'0'.repeat(23)}1${'20010db8'}${'0'.repeat(23)}79c4001bb`);
        for (const header of [Buffer.from('PROXY TCP6 2001:db8:1::1 2001:db8::7 40000 443\r\n'), v6]) {
            const clients = [];
            for (let count = 0; count < 2; ++count) {
                const client = await RawClient.open(host.port, PROXY);
                for (const byte of header) client.send(Buffer.from([byte]));
                client.send(upgradeHead('/v1/ws'));
                assert.equal((await client.response()).status, 101);
                clients.push(client);
            }
            assert.equal((await clients[1].frame()).opcode, 8);
            clients.forEach((client) => client.close());
        }
        const keys = (await throttled(host)).join(' ');
        assert.match(keys, /2001:db8:1::/);
        assert.match(keys, /2001:db8::/);
    });

    it('serves several requests after one header', async () => {
        const client = await RawClient.open(host.port, PROXY);
        client.send(line('192.0.2.50') + REQUEST);
        assert.equal((await client.response()).status, 200);
        client.send(REQUEST);
        assert.equal((await client.response()).status, 200);
        client.close();
    });

    it('answers the checks of a proxy itself', async () => {
        const client = await RawClient.open(host.port, PROXY);
        client.send(Buffer.concat([binary(0, 0), Buffer.from(REQUEST)]));
        assert.equal((await client.response()).status, 200);
        client.close();
    });

    it('closes a stranger who sends a header, and counts it', async () => {
        for (const header of [line('192.0.2.60'), binary(1, 0x11, 'c000023cc00002079c4001bb')]) {
            const before = await counted(host, 'untrusted');
            const client = await RawClient.open(host.port, STRANGER);
            client.send(Buffer.concat([Buffer.from(header), Buffer.from(REQUEST)]));
            assert.equal((await client.rest()).length, 0, 'without a word');
            assert.equal(await counted(host, 'untrusted'), before + 1);
        }
    });

    it('serves a stranger without one, whatever the pieces', async () => {
        for (const pieces of [[REQUEST], ['P', 'ROPFIND / HTTP/1.1\r\nHost: localhost\r\n\r\n'], ['\r', `\n${REQUEST}`]]) {
            const client = await RawClient.open(host.port, STRANGER);
            for (const piece of pieces) {
                client.send(piece);
                await host.lives(20);
            }
            assert.ok([200, 404, 405, 501].includes((await client.response()).status), pieces.join('|'));
            client.close();
        }
    });

    it('closes a proxy that sends no header, late or something else, and counts it', async () => {
        const before = await counted(host, 'missing');
        const silent = await RawClient.open(host.port, PROXY);
        const slow = await RawClient.open(host.port, PROXY);
        slow.send('PROXY TCP4 192.0.2.1');
        const other = await RawClient.open(host.port, PROXY);
        other.send(REQUEST);
        for (const client of [silent, slow, other]) assert.equal((await client.rest()).length, 0);
        assert.equal(await counted(host, 'missing'), before + 3);
    });

    it('closes a proxy whose header is none, and counts it', async () => {
        const before = await counted(host, 'malformed');
        for (const header of ['PROXY TCP4 192.0.2.1 192.0.2.7 1\r\n', binary(1, 0x11, 'c0000201'), binary(1, 0x11, 'c000023cc00002079c4001bb0300040badc0de')]) {
            const client = await RawClient.open(host.port, PROXY);
            client.send(Buffer.concat([Buffer.from(header), Buffer.from(REQUEST)]));
            assert.equal((await client.rest()).length, 0);
        }
        assert.equal(await counted(host, 'malformed'), before + 3);
    });

    it('believes the others from the next connection on when the configuration is read again', async () => {
        const file = path.join(folder, 'trust.yaml');
        const trust = (list) => writeFile(file, `listeners: {public: {address: 127.0.0.1:${port}, proxy_protocol: v1, trusted_proxies: [${list}]}}\n`);
        const port = await freePort();
        await trust(PROXY);
        const other = await serveHost({ 'listeners.public.address': `127.0.0.1:${port}` }, { words: [...EMBEDDED, '-c', file] });
        try {
            const comes = async (from) => {
                const client = await RawClient.open(port, from);
                client.send(line('192.0.2.70') + LAST_REQUEST);
                return (await client.rest()).length > 0;
            };
            assert.deepEqual([await comes(PROXY), await comes('127.9.0.2')], [true, false]);
            await trust('127.9.0.2');
            other.signal('SIGHUP');
            await other.printed(/configuration read again/);
            assert.deepEqual([await comes(PROXY), await comes('127.9.0.2')], [false, true]);
        } finally {
            await other.stop();
        }
    });
});

describe('a configuration that trusts proxies', () => {
    it('is refused where it names none, or something that is no address', async () => {
        const check = (...sets) => runHost(['config', 'check', ...EMBEDDED, ...sets.flatMap((set) => ['--set', set])]);
        const nobody = await check('listeners.public.proxy_protocol=v2');
        assert.notEqual(nobody.code, 0);
        assert.match(nobody.out + nobody.err, /listeners\.public\.proxy_protocol.*nobody is trusted/);
        const name = await check('listeners.public.trusted_proxies=[proxy.example]');
        assert.notEqual(name.code, 0);
        assert.match(name.out + name.err, /'proxy\.example' is no address/);
    });
});
