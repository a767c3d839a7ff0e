// A listener that speaks TLS itself, with the clients that people use: browsers' WebSockets, Node, OpenSSL.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFile, readFile, rm, writeFile } from 'node:fs/promises';
import https from 'node:https';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import tls from 'node:tls';
import { promisify } from 'node:util';

import { inFolder, runHost, serveHost } from './support/host_process.mjs';
import { get, makeCertificate } from './support/nginx.mjs';
import { Wire } from './support/wire.mjs';

const EMBEDDED = ['-c', 'config/streamhost.yaml'];
const UNTRUSTED = { rejectUnauthorized: false };

const settingsOf = ({ certificate, key }) => ({
    'listeners.public.tls.enabled': true,
    'listeners.public.tls.cert_file': certificate,
    'listeners.public.tls.key_file': key,
    'plugins.chat.providers.echo.delay_ms': 0,
});

/** A TLS connection that is open; `seen` has what the server showed. */
const connect = (port, options = {}) =>
    new Promise((resolve, reject) => {
        const socket = tls.connect({ host: '127.0.0.1', port, servername: 'localhost', ...UNTRUSTED, ...options }, () => resolve(socket));
        socket.once('error', reject);
    });

const page = (port) =>
    new Promise((resolve, reject) => {
        https.get({ host: '127.0.0.1', port, path: '/', ...UNTRUSTED, agent: false }, (answer) => {
            let text = '';
            answer.on('data', (part) => (text += part));
            answer.on('end', () => resolve({ status: answer.statusCode, text }));
        }).on('error', reject);
    });

describe('a listener with TLS', () => {
    let folder;
    let release;
    let host;
    let files;
    before(async () => {
        await new Promise((resolve, reject) => {
            inFolder(async (made) => {
                folder = made;
                files = await makeCertificate(path.join(made, 'first'));
                host = await serveHost(settingsOf(files), { words: EMBEDDED });
                resolve();
                await new Promise((done) => (release = done));
            }).catch(reject);
        });
    });
    after(async () => {
        await host?.kill();
        release?.();
    });
    const join = (session) => Wire.join({ url: `wss://127.0.0.1:${host.port}` }, { session }, { options: UNTRUSTED });

    it('says so, in its report and where it is ready', async () => {
        assert.match(host.out, /ready: https:\/\//);
        assert.equal((await host.admin('/admin/v1/node')).body.transports.public.tls, true);
    });

    it('carries a conversation, small and large', async () => {
        const wire = await join('trip');
        const short = await wire.ask({ type: 'send', content: 'Two sights, one line each.' });
        assert.equal((await wire.textOf(short.stream)).text, 'Two sights, one line each.');
        const words = Array.from({ length: 2_000 }, (_, index) => `${index}`.padEnd(100, 'word')).join(' ');
        const long = await wire.ask({ type: 'send', content: words });
        assert.equal((await wire.textOf(long.stream)).text, words);
        wire.close();
    });

    it('carries it to a reader that stops reading until the socket takes no more', async () => {
        const [writer, reader] = [await join('slow'), await join('slow')];
        const words = Array.from({ length: 800 }, (_, index) => `${index}`.padEnd(300, 'part')).join(' ');
        reader.pause();
        const blocked = () => host.metric('send_queue_bytes_count');
        const before = await blocked();
        const streams = [];
        while ((await blocked()) === before) {
            assert.ok(streams.length < 100, 'no socket holds 24 MB');
            const { stream } = await writer.ask({ type: 'send', content: words });
            assert.equal((await writer.textOf(stream)).text, words);
            streams.push(stream);
        }
        reader.resume();
        for (const stream of streams) assert.equal((await reader.textOf(stream)).text, words);
        writer.close();
        reader.close();
    });

    it('serves pages, on one connection after the other and on a kept one', async () => {
        const first = await page(host.port);
        assert.equal(first.status, 200);
        const socket = await connect(host.port);
        let text = '';
        socket.on('data', (part) => (text += part));
        const ended = new Promise((resolve) => socket.once('close', resolve));
        const request = (more) => `GET / HTTP/1.1\r\nHost: localhost\r\n${more}\r\n`;
        socket.write(request('') + request('Connection: close\r\n'));
        await ended;
        assert.equal(text.split('HTTP/1.1 200 OK').length - 1, 2);
        assert.ok(text.endsWith(first.text), 'whole to its last byte');
    });

    it('tells plain HTTP what it is', async () => {
        const answer = await get(host.port, '/');
        assert.equal(answer.status, 400);
        assert.match(answer.text, /This port speaks TLS: use https:\/\/ or wss:\/\//);
    });

    it('speaks TLS 1.2 and 1.3, nothing older, and http/1.1 alone', async () => {
        for (const version of ['TLSv1.2', 'TLSv1.3']) {
            const socket = await connect(host.port, { minVersion: version, maxVersion: version, ALPNProtocols: ['h2', 'http/1.1'] });
            assert.equal(socket.getProtocol(), version);
            assert.equal(socket.alpnProtocol, 'http/1.1');
            socket.destroy();
        }
        await assert.rejects(connect(host.port, { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }));
        await assert.rejects(connect(host.port, { ALPNProtocols: ['h2'] }));
        assert.ok((await host.metric('tls_handshakes_total')) > 0);
    });

    it('is not harmed by a client that vanishes in the middle of a request', async () => {
        const wire = await join('calm');
        const socket = await connect(host.port);
        const half = new Promise((resolve) => socket.once('close', resolve));
        socket.write('GET / HTTP');
        socket.destroy();
        await half;
        const { stream } = await wire.ask({ type: 'send', content: 'still here' });
        assert.equal((await wire.textOf(stream)).text, 'still here');
        wire.close();
    });
});

describe('certificates', () => {
    it('are renewed by SIGHUP: new connections get the new one, open ones stay, tickets stay good', () =>
        inFolder(async (folder) => {
            const [first, second] = [await makeCertificate(path.join(folder, 'first')), await makeCertificate(path.join(folder, 'second'))];
            const used = { certificate: path.join(folder, 'used.crt'), key: path.join(folder, 'used.key') };
            const install = async (from) => {
                await copyFile(from.certificate, used.certificate);
                await copyFile(from.key, used.key);
            };
            const reload = async (host) => {
                const seen = host.err.length;
                host.signal('SIGHUP');
                await host.until(async () => /configuration read again|configuration is refused/.test(host.err.slice(seen)));
                return host.err.slice(seen);
            };
            await install(first);
            const host = await serveHost(settingsOf(used), { words: EMBEDDED });
            try {
                const wire = await Wire.join({ url: `wss://127.0.0.1:${host.port}` }, { session: 'long' }, { options: UNTRUSTED });
                const old = await connect(host.port);
                const shown = old.getPeerCertificate().fingerprint256;
                const ticket = new Promise((resolve) => old.once('session', resolve));
                old.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
                const session = await ticket;
                old.destroy();

                await install(second);
                assert.match(await reload(host), /configuration read again/);
                const fresh = await connect(host.port);
                assert.notEqual(fresh.getPeerCertificate().fingerprint256, shown);
                fresh.destroy();
                const back = await connect(host.port, { session });
                assert.equal(back.isSessionReused(), true);
                back.destroy();

                const broken = 'MC4CAQ-half-a-key';
                await writeFile(used.key, broken);
                const log = await reload(host);
                assert.match(log, /listeners\.public\.tls: TLS: the key '.*used\.key' cannot be used/);
                assert.match(log, /the changed configuration is refused; the running one stays/);
                (await connect(host.port)).destroy();
                await copyFile(first.key, used.key);
                assert.match(await reload(host), /used\.key/, 'the key of another certificate');
                await rm(used.key);
                assert.match(await reload(host), /the key '.*used\.key' cannot be used: No such file or directory/);
                assert.equal(await host.metric('config_reloads_total{result="refused"}'), 3);
                for (const key of [broken, ...(await readFile(first.key, 'utf8')).split('\n').filter((line) => line.length > 40)]) assert.ok(!host.log.includes(key));
                const still = await connect(host.port);
                assert.notEqual(still.getPeerCertificate().fingerprint256, shown, 'what was good before is shown on');
                still.destroy();

                const { stream } = await wire.ask({ type: 'send', content: 'through all of it' });
                assert.equal((await wire.textOf(stream)).text, 'through all of it');
                wire.close();
            } finally {
                await host.kill();
            }
        }));

    // A pipe gives what it holds once: whoever judged one reading and used another would wait for it here.
    it('are read once: what was judged is what is used', () =>
        inFolder(async (folder) => {
            const made = await makeCertificate(folder);
            const pipes = { certificate: path.join(folder, 'pipe.crt'), key: path.join(folder, 'pipe.key') };
            await promisify(execFile)('mkfifo', Object.values(pipes));
            const written = Object.keys(pipes).map(async (name) => writeFile(pipes[name], await readFile(made[name])));
            const host = await serveHost(settingsOf(pipes), { words: EMBEDDED });
            try {
                await Promise.all(written);
                const socket = await connect(host.port);
                assert.ok(socket.getPeerCertificate().fingerprint256);
                socket.destroy();
            } finally {
                await host.kill();
            }
        }));

    it('that cannot be used are told before anything listens, all mistakes at once', () =>
        inFolder(async (folder) => {
            const { certificate } = await makeCertificate(folder);
            const set = (name, key, value) => ['--set', `listeners.${name}.${key}=${value}`];
            const words = [
                'config', 'check', 'config/streamhost.yaml',
                ...set('public', 'tls.enabled', true), ...set('public', 'tls.cert_file', certificate),
                ...set('more', 'address', '127.0.0.1:0'), ...set('more', 'tls.enabled', true),
                ...set('more', 'tls.cert_file', '/nowhere/c.pem'), ...set('more', 'tls.key_file', '/nowhere/k.pem'),
            ];
            const said = await runHost(words);
            assert.equal(said.code, 2);
            const started = await runHost(words.slice(2).flatMap((word) => (word === 'config/streamhost.yaml' ? ['-c', word] : [word])));
            assert.equal(started.code, 2);
            assert.equal(started.out, '', 'nothing listened');
            assert.match(started.err, /listeners\.public\.tls\.key_file: is missing, and TLS is enabled/);
            assert.match(said.out + said.err, /listeners\.public\.tls\.key_file: is missing, and TLS is enabled/);
            assert.match(said.out + said.err, /listeners\.more\.tls: TLS: the certificate '\/nowhere\/c\.pem' cannot be used: No such file or directory/);
        }));
});
