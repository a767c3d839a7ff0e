// runtime.handover: a process takes the sockets of the one that runs; nobody is refused meanwhile, and streams go on.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chown, stat } from 'node:fs/promises';
import { request } from 'node:http';
import { createConnection, createServer } from 'node:net';
import path from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { promisify } from 'node:util';

import { onRedis } from './support/cluster.mjs';
import { HostProcess, asSets, binary, freePort, inFolder, runHost, serveHost } from './support/host_process.mjs';
import { RedisProcess } from './support/redis.mjs';
import { Returning } from './support/returning.mjs';
import { newSession, wordsOf } from './support/talks.mjs';
import { Wire, heardAt } from './support/wire.mjs';

const execute = promisify(execFile);
const READERS = 220;
const WORDS = 260;
const WORD_MS = 50;
const PATIENCE_MS = 90_000;
const RESTARTS = 2;
const MOVED = 4000;
const NOBODY = 65_534;
/** The node answers itself, and stays until it has. */
const ANSWERS = { 'plugins.chat.providers.echo.delay_ms': WORD_MS, 'drain.plugin_ms': 80_000, 'drain.exit_within_ms': 100_000 };
/** The node answers as a worker of its own, and gives back what it has not ended in this time. */
const GIVEN_BACK = {
    ...ANSWERS,
    'drain.plugin_ms': 2_000,
    'drain.exit_within_ms': 20_000,
    'plugins.chat.provider': 'far',
    'plugins.chat.providers.far.type': 'remote',
    'plugins.chat.providers.far.policy': 'continue',
    'plugins.chat.worker.enabled': true,
    'plugins.chat.worker.provider': 'echo',
    'plugins.chat.worker.max_runs': 2 * READERS,
};
const LEASE_MS = 6_000; // of a run that nobody gave back
const ALL = { words: ['-c', 'config/streamhost.yaml'] };

/** Settings of a node whose followers find the same addresses, and the addresses. */
async function place(folder, more = {}) {
    const [port, adminPort] = [await freePort(), await freePort()];
    const settings = {
        'runtime.handover': path.join(folder, 'handover'),
        'runtime.loops': 2,
        'node.id': 'gw',
        'listeners.public.address': `127.0.0.1:${port}`,
        'listeners.admin.address': `127.0.0.1:${adminPort}`,
        'drain.window_ms': 1_500,
        'drain.exit_within_ms': 20_000,
        ...more,
    };
    return { settings, port, adminPort, url: `ws://127.0.0.1:${port}` };
}

const running = new Set();
afterEach(async () => {
    await Promise.all([...running].map((host) => host.kill()));
    running.clear();
});

async function start(where, more = {}, how = ALL) {
    const host = await serveHost({ ...where.settings, ...more }, how);
    running.add(host);
    [host.port, host.adminPort] = [where.port, where.adminPort];
    return host;
}
function run(words, how = {}) {
    const host = new HostProcess(words, {}, how);
    running.add(host);
    return host;
}
const wordsFor = (settings) => [...ALL.words, ...asSets(settings)];

const asks = async (to) => {
    const asked = request({ host: '127.0.0.1', agent: false, ...to });
    asked.end();
    const [answer] = await once(asked, 'response');
    answer.resume();
    await once(answer, 'end');
    if (answer.statusCode !== 200) throw new Error(`${JSON.stringify(to)}: status ${answer.statusCode}`);
};
const nodeOf = async (host) => (await host.admin('/admin/v1/node')).body.nodeId;

/** New connections without a pause until it is told to stop: what each of them came to. */
class Load {
    count = { requests: 0, kept: 0, sockets: 0, admin: 0, moved: 0 };
    failures = [];
    #on = true;
    #lanes;

    constructor(where) {
        const lane = async (name, body) => {
            while (this.#on) await body().then(() => ++this.count[name], (error) => this.failures.push(`${name}: ${error.message}`));
        };
        const talk = async () => {
            const wire = await Wire.open(where);
            await wire.ask({ type: 'hello' }).then(() => wire.close(), () => {});
            const { code } = await wire.ended();
            if (code === MOVED) ++this.count.moved;
            else if (code !== 1005) throw new Error(`closed with ${code}`);
        };
        this.#lanes = [
            lane('requests', () => asks({ port: where.port, path: '/health/ready' })),
            lane('admin', () => asks({ port: where.adminPort, path: '/health/live' })),
            lane('sockets', talk),
            lane('sockets', talk),
        ];
    }
    async stop() {
        this.#on = false;
        await Promise.all(this.#lanes);
    }
}

/** Each entry once, one after the other: a client that goes on from its position is sent nothing twice. */
function isWhole(frames) {
    let last = 0;
    for (const { type, from, seq } of frames) {
        if (type === 'snapshot') throw new Error('sent anew');
        if ((from ?? seq) !== last + 1) throw new Error(`${from ?? seq} after ${last}`);
        last = seq;
    }
}

/** The longest time in which one of them heard nothing of its answer. */
function longestPause(readers) {
    const pauses = readers.flatMap(({ client, stream }) => {
        const times = client.frames(stream).map(heardAt);
        return times.slice(1).map((time, index) => time - times[index]);
    });
    return Math.round(pauses.reduce((most, pause) => Math.max(most, pause), 0));
}

async function asking(where, host) {
    const client = new Returning({ url: where.url, until: (isSo) => host.until(isSo) }, newSession(), {}, PATIENCE_MS);
    await client.connect();
    const { run: stream } = await client.wire.ask({ type: 'send', content: wordsOf(WORDS) });
    await client.wire.frame((frame) => frame.stream === stream && frame.type === 'chunk');
    return { client, stream };
}

describe('processes that follow each other', { timeout: 240_000 }, () => {
    let redis;
    before(async () => {
        redis = await RedisProcess.start();
    });
    after(() => redis.stop());

    const talkThrough = (test, answers, atMostMs = Infinity) => inFolder(async (folder) => {
        const store = onRedis(redis);
        const where = await place(folder, { ...store.settings, ...answers });
        let host = await start(where, {}, store);
        const formers = [];
        let load;
        try {
            const readers = await Promise.all(Array.from({ length: READERS }, () => asking(where, host)));
            const texts = readers.map(({ client, stream }) => client.textOf(stream));
            load = new Load(where);
            for (let count = 1; count <= RESTARTS; ++count) {
                const former = host;
                host = await start(where, {}, store);
                await host.printed(new RegExp(`serves in place of another process.*before=gw${count > 1 ? `_${count}` : '\\b'}`));
                await former.printed(/another process serves in place of this one/);
                assert.equal(await nodeOf(host), `gw_${count + 1}`);
                assert.equal(await host.metric('node_id_conflict'), 0);
                await former.printed(/plugin stopped plugin=gateway/); // all its clients are elsewhere, and its answers go on
                formers.push(former);
            }
            for (const { text, end } of await Promise.all(texts)) assert.deepEqual([text === wordsOf(WORDS), end.outcome], [true, 'complete']);
            await load.stop();
            for (const { client, stream } of readers) isWhole(client.frames(stream));
            const closes = readers.flatMap(({ client }) => client.closes);
            assert.deepEqual([...new Set(closes)], [MOVED]);
            assert.ok(closes.length >= READERS, `${closes.length} closes`);
            assert.deepEqual(load.failures, []);
            assert.ok(load.count.requests > 20 && load.count.sockets > 20 && load.count.admin > 20, JSON.stringify(load.count));
            const pause = longestPause(readers);
            test.diagnostic(`longest pause of an answer ${pause} ms; ${JSON.stringify(load.count)}; ${closes.length} moves of ${READERS} readers`);
            assert.ok(pause < atMostMs, `an answer paused for ${pause} ms`);
            for (const former of formers) assert.deepEqual(await former.ended(PATIENCE_MS), { code: 0, signal: null }, former.log);
            assert.deepEqual(await host.stop(), { code: 0, signal: null }, host.log);
        } finally {
            await load?.stop();
        }
    });

    it('refuse nobody, and lose and double nothing', (test) => talkThrough(test, ANSWERS));
    it('give back what they do not end, and no answer waits for the end of a lease', (test) => talkThrough(test, GIVEN_BACK, LEASE_MS));

    it('keep who waits in a queue, and open and remove what the configuration says', () => inFolder(async (folder) => {
        const [kept, dropped, added] = ['kept', 'dropped', 'added'].map((name) => path.join(folder, name));
        const more = await freePort();
        const where = await place(folder, { 'listeners.kept.address': `unix:${kept}` });
        const first = await start(where, { 'listeners.dropped.address': `unix:${dropped}` });
        const second = await start(where, { 'listeners.added.address': `unix:${added}`, 'listeners.more.address': `127.0.0.1:${more}`, 'runtime.loops': 3 });
        for (const to of [{ port: where.port }, { socketPath: kept }, { socketPath: added }, { port: more }]) await asks({ ...to, path: '/health/ready' });
        assert.deepEqual(await first.ended(), { code: 0, signal: null }, first.log);
        assert.deepEqual([existsSync(kept), existsSync(dropped), existsSync(added)], [true, false, true]);
        const third = await start(where, { 'runtime.handover': path.join(folder, 'elsewhere') }).catch((error) => error);
        assert.match(third.message, /listeners\.public\.address: .*uses this port/, 'it did not ask where the second one gives');
        assert.equal(existsSync(path.join(folder, 'elsewhere')), false);
        await asks({ socketPath: kept, path: '/health/ready' });
        assert.deepEqual(await second.stop(), { code: 0, signal: null }, second.log);
        assert.deepEqual([existsSync(kept), existsSync(added), existsSync(where.settings['runtime.handover'])], [false, false, false]);
    }));

    it('answer whom the former one accepted, and end the connection with the answer', () => inFolder(async (folder) => {
        const where = await place(folder, { 'drain.window_ms': 0 });
        const first = await start(where);
        const socket = createConnection(where.port, '127.0.0.1').setEncoding('utf8');
        await once(socket, 'connect');
        await first.until(async () => (await first.metric('connections')) > 0);
        await start(where);
        await first.printed(/another process serves in place of this one/);
        socket.write('GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n');
        let text = '';
        for await (const part of socket) text += part;
        assert.match(text, /^HTTP\/1\.1 200 /);
        assert.match(text, /^connection: close\r$/im);
        assert.deepEqual(await first.ended(), { code: 0, signal: null }, first.log);
    }));
});

describe('a process that does not get so far', { timeout: 120_000 }, () => {
    const goesOn = (why, use) => it(why, () => inFolder(async (folder) => {
        const where = await place(folder);
        const host = await start(where);
        const wire = await Wire.join(host, { session: 'stays' });
        await use(where, host, folder);
        await asks({ port: where.port, path: '/health/ready' });
        assert.equal((await wire.ask({ type: 'ping' })).type, 'pong');
        assert.equal(await nodeOf(host), 'gw');
        const follower = await start(where);
        assert.equal((await wire.ended()).code, MOVED, 'and the next one may follow');
        assert.deepEqual(await host.ended(), { code: 0, signal: null }, host.log);
        assert.deepEqual(await follower.stop(), { code: 0, signal: null }, follower.log);
    }));

    goesOn('changes nothing when an address of its own is in use', async (where, host) => {
        const other = createServer().listen(await freePort(), '127.0.0.1');
        await once(other, 'listening');
        const { message } = await start(where, { 'listeners.more.address': `127.0.0.1:${other.address().port}` }).catch((error) => error);
        other.close();
        assert.match(message, /listeners\.more\.address: cannot listen on 127\.0\.0\.1:/);
        await host.printed(/no hand-over: nothing has changed here.*the new process ended before it was ready/);
    });

    goesOn('changes nothing when one of its plugins does not start', async (where, host) => {
        const follower = run(wordsFor({ ...where.settings, 'plugins.streamcache.enabled': false }));
        assert.deepEqual(await follower.ended(), { code: 1, signal: null }, follower.log);
        assert.match(follower.log, /this process ends, and the one that runs here goes on.*not every plugin started/);
        await host.printed(/no hand-over: nothing has changed here/);
    });

    goesOn('changes nothing when it does not reach its store', async (where, host) => {
        const follower = run(wordsFor({ ...where.settings, 'store.kind': 'redis', 'store.redis.address': `127.0.0.1:${await freePort()}` }));
        assert.deepEqual(await follower.ended(), { code: 1, signal: null }, follower.log);
        assert.match(follower.log, /this process ends, and the one that runs here goes on.*it does not reach the store/);
        await host.printed(/no hand-over: nothing has changed here/);
    });

    goesOn('changes nothing when it is killed', async (where, host) => {
        const follower = await serveHost(where.settings, { ...ALL, signalAtStart: 'SIGTERM' });
        await host.printed(/another process has the sockets, too/);
        await follower.kill();
        await host.printed(/no hand-over: nothing has changed here/);
    });
});

/** A process that speaks packets at a Unix socket: what it heard, a line each. */
const SPEAKER = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
if sys.argv[1] == 'ask':
    s.connect(sys.argv[2])
    s.settimeout(10)
    try: s.send(sys.argv[3].encode())
    except BrokenPipeError: pass  # refused at once, and told why
    print(s.recv(4096).decode())
else:
    s.bind(sys.argv[2]); s.listen(1)
    print('listens', flush=True)
    c = s.accept()[0]
    c.recv(4096)
    if sys.argv[3]: c.send(sys.argv[3].encode())
    c.recv(4096)  # until the other side ends
`;
const speak = (...words) => execute('python3', ['-c', SPEAKER, ...words]);

describe('the words of a hand-over', { timeout: 120_000 }, () => {
    it('are refused in another version, and from whoever is out of turn', () => inFolder(async (folder) => {
        const where = await place(folder);
        await start(where);
        const said = async (words) => (await speak('ask', where.settings['runtime.handover'], words)).stdout;
        assert.match(await said('streamhost-handover/9 take'), /^streamhost-handover\/1 refused\nthe new process does not speak streamhost-handover\/1\n$/);
        assert.match(await said('streamhost-handover/1 ready'), /^streamhost-handover\/1 refused\nthe new process said something out of its turn\n$/);
        assert.match(await said('streamhost-handover/1 take'), /^streamhost-handover\/1 listener\npublic\n127\.0\.0\.1:\d+\n\n$/);
        await asks({ port: where.port, path: '/health/ready' });
    }));

    for (const [words, expected] of [
        ['streamhost-handover/9 all\ngw', /runtime\.handover: the process that runs here does not speak streamhost-handover\/1 as this one does: stop it, then start this one/],
        ['streamhost-handover/1 refused\nit is Sunday', /runtime\.handover: the process that runs here refuses: it is Sunday/],
        ['', /runtime\.handover: the process that runs here did not answer in time/],
    ])
        it(`end a new process that hears '${words.split('\n')[0]}'`, () => inFolder(async (folder) => {
            const where = await place(folder);
            const former = run(['-c', SPEAKER, 'give', where.settings['runtime.handover'], words], { program: 'python3' });
            await former.printed(/listens/);
            const { code, err } = await runHost(wordsFor(where.settings));
            assert.equal(code, 1);
            assert.match(err, expected);
        }));

    it('are for processes of one user', { skip: process.getuid() !== 0 && 'only root can be two users' }, () => inFolder(async (folder) => {
        await chown(folder, NOBODY, NOBODY);
        const where = await place(folder);
        const asNobody = ['--reuid', NOBODY, '--regid', NOBODY, '--clear-groups', binary, ...wordsFor(where.settings)].map(String);
        const host = run(asNobody, { program: 'setpriv' });
        await host.ready();
        assert.equal((await stat(where.settings['runtime.handover'])).mode & 0o777, 0o600);
        // Root may connect wherever it likes: the kernel says who it is.
        assert.match((await speak('ask', where.settings['runtime.handover'], 'streamhost-handover/1 take')).stdout, /refused\nthe new process is of another user\n$/);
        await host.printed(/no hand-over: nothing has changed here.*the new process is of another user/);
        const root = await runHost(wordsFor(where.settings));
        assert.deepEqual([root.code, /the process that runs here is of another user/.test(root.err)], [1, true], root.err);
        await asks({ port: where.port, path: '/health/ready' });
        assert.deepEqual(await host.stop(), { code: 0, signal: null }, host.log);
        await start(where);
        const other = run(asNobody, { program: 'setpriv' });
        assert.equal((await other.ended()).code, 1);
        assert.match(other.err, /handover.*Permission denied/);
    }));
});
