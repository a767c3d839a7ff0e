// The peers: how each is started, and in which words the load generator talks to it. Everything on loopback; logs and
// compression off, as in the host; otherwise what their makers recommend or set by themselves.
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { freePort, serveHost } from '../../integration/support/host_process.mjs';
import { onRedis } from '../../integration/support/cluster.mjs';
import { program } from '../support/generator.mjs';

const run = promisify(execFile);
const here = path.dirname(fileURLToPath(import.meta.url));
const READY_MS = 20_000;
const END_MS = 10_000;
const POLL_MS = 20;
const MOST_CONNECTIONS = 19_900;
const MOST_LOG = 4_000;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const answers = (port) =>
    new Promise((resolve) => {
        const socket = connect(port, '127.0.0.1', () => (socket.destroy(), resolve(true)));
        socket.once('error', () => resolve(false));
    });

/** Processes whose parent is this one. */
async function childrenOf(pid) {
    const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
    return text.split(' ').filter(Boolean).map(Number);
}

/** A program with a port, bound to cores from its first instruction on. It may leave the work to `workers`, whose CPU is its own. */
class Program {
    log = '';

    static async start(cores, port, words, { folder, workers = 0 } = {}) {
        const one = new Program();
        one.port = port;
        one.folder = folder;
        one.process = spawn('taskset', ['-c', cores, ...words.map(String)], { stdio: ['ignore', 'pipe', 'pipe'] });
        for (const stream of [one.process.stdout, one.process.stderr]) stream.on('data', (text) => (one.log = (one.log + text).slice(-MOST_LOG)));
        one.ended = new Promise((resolve) => one.process.once('close', resolve));
        one.ended.then((code) => (one.code = code ?? 'a signal'));
        const until = Date.now() + READY_MS;
        const isReady = async () => (await answers(port)) && (await childrenOf(one.process.pid)).length >= workers;
        while (!(await isReady())) {
            if (one.code !== undefined || Date.now() > until) {
                await one.stop();
                throw new Error(`${words.join(' ')} is not ready (${one.code}): ${one.log}`);
            }
            await pause(POLL_MS);
        }
        one.pids = [...(await childrenOf(one.process.pid)), one.process.pid];
        return one;
    }

    async stop() {
        this.process.kill('SIGTERM');
        const killed = setTimeout(() => this.process.kill('SIGKILL'), END_MS);
        await this.ended;
        clearTimeout(killed);
        if (this.folder !== undefined) await rm(this.folder, { recursive: true, force: true });
    }
}

/** With a configuration file of its own: `text(port, folder)`. */
async function configured(cores, text, words, more) {
    const folder = await mkdtemp(path.join(tmpdir(), 'streamhost-peer-'));
    const port = await freePort();
    const file = path.join(folder, 'server.conf');
    await writeFile(file, text(port, folder));
    return Program.start(cores, port, words(file, folder), { folder, ...more });
}

const settings = {
    'logging.level': 'warn',
    'runtime.loops': 1,
    'limits.connections': MOST_CONNECTIONS,
    'drain.window_ms': 0,
    'drain.exit_within_ms': 25_000, // on a busy machine ten thousand sessions take their time
    'plugins.echo.enabled': true,
    'plugins.chat.enabled': false,
    'plugins.console.enabled': false,
};

async function host({ cores, redis, tls, more = {} }) {
    const store = redis === undefined ? { words: ['-c', 'config/streamhost.yaml'], settings: {} } : onRedis(redis);
    const own = (key) => `listeners.public.tls.${key}`;
    const secure = tls === undefined ? {} : { [own('enabled')]: true, [own('cert_file')]: tls.certificate, [own('key_file')]: tls.key };
    const node = await serveHost({ ...settings, ...store.settings, ...secure, ...more }, { words: store.words });
    await run('taskset', ['-a', '-cp', cores, String(node.pid)]);
    const stop = async () => {
        const { code } = await node.stop();
        if (code !== 0) throw new Error(`the host ended with ${code}: ${node.log.slice(-MOST_LOG)}`);
    };
    return {
        port: node.port,
        pids: [node.pid],
        stop,
        get log() {
            return node.log.slice(-MOST_LOG);
        },
    };
}

const nchanText = ({ redis, tls }) => (port, folder) => {
    const keeps = `nchan_message_buffer_length 100; nchan_message_timeout 60s; ${redis === undefined ? '' : 'nchan_redis_pass redis;'}`;
    const listens = `listen 127.0.0.1:${port} backlog=4096 ${tls === undefined ? '' : 'ssl'};`;
    const secure = tls === undefined ? '' : `ssl_certificate ${tls.certificate}; ssl_certificate_key ${tls.key}; ssl_protocols TLSv1.3;`;
    return `
load_module /usr/lib/nginx/modules/ngx_nchan_module.so;
${process.getuid() === 0 ? 'user root;' : ''}
worker_processes 1; daemon off; pid ${folder}/pid; error_log stderr crit; worker_rlimit_nofile ${MOST_CONNECTIONS};
events { worker_connections ${MOST_CONNECTIONS}; }
http {
    access_log off; tcp_nodelay on; nchan_shared_memory_size 512M;
    ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')}
    ${redis === undefined ? '' : `upstream redis { nchan_redis_server redis://127.0.0.1:${redis.port}; }`}
    server {
        ${listens} ${secure}
        location ~ ^/sub/(\\w+)$ { nchan_subscriber websocket; nchan_channel_id $1; nchan_subscriber_first_message newest; ${keeps} }
        location ~ ^/pub/(\\w+)$ { nchan_publisher websocket; nchan_channel_id $1; ${keeps} }
        location ~ ^/echo/(\\w+)$ { nchan_pubsub websocket; nchan_channel_id $1; nchan_subscriber_first_message newest; ${keeps} }
    }
}
`;
};

const natsText = ({ tls, routes }) => (port) => `
listen: "127.0.0.1:-1"
max_connections: 64000
websocket {
    listen: "127.0.0.1:${port}"
    ${tls === undefined ? 'no_tls: true' : `tls { cert_file: "${tls.certificate}", key_file: "${tls.key}" }`}
    compression: false
}
${routes === undefined ? '' : `http: "127.0.0.1:${routes.monitor}"\ncluster { name: peers, listen: "127.0.0.1:${routes.own}", routes: [${routes.all.map((route) => `"nats://127.0.0.1:${route}"`).join(', ')}] }`}
`;

// It does not start with a listener for WebSocket alone.
const mosquittoText = (port, folder) => `
listener 0 ${folder}/mqtt.sock
listener ${port} 127.0.0.1
protocol websockets
allow_anonymous true
persistence false
set_tcp_nodelay true
max_queued_messages 0
log_type none
${process.getuid() === 0 ? 'user root' : ''}
`;

const opens = (url) =>
    new Promise((resolve) => {
        const socket = new WebSocket(url);
        socket.onopen = () => (socket.close(), resolve(true));
        socket.onerror = () => resolve(false);
    });

/** It answers 503 until it has its Redis. */
async function nchan(how) {
    const server = await configured(how.cores, nchanText(how), (file, folder) => ['nginx', '-p', folder, '-c', file], { workers: 1 });
    const until = Date.now() + READY_MS;
    while (how.redis !== undefined && !(await opens(`ws://127.0.0.1:${server.port}/sub/ready`))) {
        if (Date.now() > until) throw new Error(`nchan did not reach its Redis: ${server.log}`);
        await pause(POLL_MS);
    }
    return server;
}

const plain = (words) => ({ dialect: 'plain', start: async ({ cores, ...how }) => {
    const port = await freePort();
    return Program.start(cores, port, words(port, how));
} });
const nats = (how) => configured(how.cores, natsText(how), (file) => ['nats-server', '-c', file]);

/**
 * By name. `start({cores, redis?, tls?})` gives `{port, pids, stop()}`, the process whose memory counts first.
 * `publishers`: how many connections publish to so many channels. `nodes`: how two of them start, over Redis if they know it.
 */
export const peers = {
    streamhost: { dialect: 'streamhost', start: host },
    uws: plain((port, { tls }) => [process.env.STREAMHOST_BENCH_UWEBSOCKETS, port, ...(tls === undefined ? [] : [tls.certificate, tls.key])]),
    epoll: plain((port) => [program('epoll_server'), port]),
    beast: plain((port) => [program('beast_server'), port]),
    poco: plain((port) => [program('poco_server'), port]),
    ws: plain((port, { redis, tls }) => [process.execPath, path.join(here, 'servers/ws_server.mjs'), port, redis?.port ?? 0, ...(tls === undefined ? [] : [tls.certificate, tls.key])]),
    socketio: { ...plain((port) => [process.execPath, path.join(here, 'servers/socketio_server.mjs'), port]), dialect: 'socketio' },
    nats: { dialect: 'nats', start: nats },
    nchan: { dialect: 'nchan', publishers: (channels) => channels, start: nchan },
    mosquitto: { dialect: 'mqtt', start: ({ cores }) => configured(cores, mosquittoText, (file) => ['mosquitto', '-c', file]) },
};
if (!process.env.STREAMHOST_BENCH_UWEBSOCKETS) delete peers.uws;

/** Two nodes: over the Redis, or as a cluster of their own where there is such a thing. */
export async function startTwo(name, how) {
    const peer = peers[name];
    if (name !== 'nats') return Promise.all([peer.start(how), peer.start(how)]);
    const [first, second, monitor, other] = [await freePort(), await freePort(), await freePort(), await freePort()];
    const writer = await nats({ ...how, routes: { own: first, all: [], monitor } });
    try {
        // Both ways, one of the two would be closed as a duplicate.
        const reader = await nats({ ...how, routes: { own: second, all: [first], monitor: other } });
        writer.knowsReadersOf = (channels) => knowsSubscriptions(monitor, channels);
        return [writer, reader];
    } catch (error) {
        await writer.stop();
        throw error;
    }
}

/** Until a node of NATS has heard of so many subscriptions at the other one: what is published before is lost. */
async function knowsSubscriptions(monitor, channels) {
    const until = Date.now() + READY_MS;
    for (;;) {
        const { routes } = await (await fetch(`http://127.0.0.1:${monitor}/routez?subs=1`)).json();
        const known = routes.flatMap((route) => route.subscriptions_list ?? []).filter((name) => name.startsWith('channel.'));
        if (new Set(known).size >= channels) return;
        if (Date.now() > until) throw new Error(`NATS knows ${known.length} of ${channels} subscriptions at its other node`);
        await pause(POLL_MS);
    }
}

/** What ran, for the report. */
export async function versions() {
    const said = async (command, words, pattern) => {
        const answer = await run(command, words).catch((error) => error);
        return `${answer.stdout ?? ''}${answer.stderr ?? ''}`.match(pattern)?.[1];
    };
    const npm = async (name) => JSON.parse(await readFile(path.join(here, 'node_modules', name, 'package.json'), 'utf8')).version;
    return {
        nginx: await said('nginx', ['-v'], /nginx\/(\S+)/),
        nats: await said('nats-server', ['--version'], / v(\S+)/),
        mosquitto: await said('mosquitto', ['-h'], /version (\S+)/),
        redis: await said('redis-server', ['--version'], /v=(\S+)/),
        node: process.versions.node,
        ws: await npm('ws'),
        socketio: await npm('socket.io'),
    };
}
