// deploy/haproxy and deploy/waf in front of three nodes, and deploy/rsyslog in front of a server for logs.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { createServer } from 'node:net';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';

import { startNode } from './support/cluster.mjs';
import { freePort, inFolder, root } from './support/host_process.mjs';
import { get, Nginx } from './support/nginx.mjs';
import { PATH, until, withProcess } from './support/side_process.mjs';
import { Wire } from './support/wire.mjs';

const run = promisify(execFile);
const text = (name) => readFile(path.join(root, 'deploy', name), 'utf8');
const EMBEDDED = { words: ['-c', 'config/streamhost.yaml'], settings: {} };
const SESSIONS = 1_500;

/** The shipped one, in front of these ports. */
async function haproxyFile(folder, ports) {
    const [port, statusPort] = [await freePort(), await freePort()];
    let config = (await text('haproxy/haproxy.cfg')).replace('maxconn 20000', 'maxconn 2000').replace('bind :80', `bind 127.0.0.1:${port}`).replace('127.0.0.1:8090', `127.0.0.1:${statusPort}`);
    ports.forEach((one, index) => (config = config.replace(`gateway-${index + 1}:8080`, `127.0.0.1:${one}`)));
    const file = path.join(folder, 'haproxy.cfg');
    await writeFile(file, config);
    return { file, port, statusPort };
}

describe('the HAProxy of deploy/', () => {
    it('sticks, spreads, leaves out who drains, and shows nothing of operators', (test) => inFolder(async (folder) => {
        const nodes = await Promise.all([1, 2, 3].map((number) => startNode(EMBEDDED, `gateway-${number}`, { 'drain.balancer_wait_ms': 20_000, 'drain.exit_within_ms': 60_000 })));
        const { file, port, statusPort } = await haproxyFile(folder, nodes.map((node) => node.port));
        try {
            await run('haproxy', ['-c', '-f', file], { env: { ...process.env, PATH } });
            await withProcess('haproxy', ['-W', '-f', file], async (log) => {
                await until(() => get(port, '/').then(({ status }) => status === 200, () => false), log);
                const hops = () => [...log().matchAll(/ GET \/v1\/ws 4\d\d .*upstream=(\S+)/g)].map(([, name]) => name);
                let asked = 0;
                const ask = async (session) => get(port, `/v1/ws?session=${session}&token=secret-of-mine`, { from: `127.8.${asked % 50}.${1 + (++asked % 100)}` });
                for (let first = 0; first < SESSIONS; first += 20) await Promise.all(Array.from({ length: 20 }, (_, index) => ask(`session-${first + index}`)));
                await until(() => hops().length === SESSIONS, () => `${hops().length} of ${SESSIONS} in the log`);
                const counts = ['gateway-1', 'gateway-2', 'gateway-3'].map((name) => hops().filter((one) => one === name).length);
                test.diagnostic(`sessions per node: ${counts.join(' ')}`);
                for (const count of counts) assert.ok(Math.abs(count - SESSIONS / 3) <= (SESSIONS / 3) * 0.15, `${counts}`);
                assert.doesNotMatch(log(), /secret-of-mine/);

                const url = `ws://127.0.0.1:${port}`;
                const nodeOf = async (session, key) => {
                    const wire = await Wire.join({ url }, { session }, { path: `/v1/ws?${key}=${session}` });
                    wire.close();
                    return wire.welcome.node;
                };
                const before = new Map();
                for (let count = 0; count < 12; ++count) before.set(`s${count}`, await nodeOf(`s${count}`, 'session'));
                for (const [session, node] of before) assert.equal(await nodeOf(session, 'affinity'), node);
                for (const target of ['/admin/v1/node', '/metrics', '/health', '/health/distributed']) assert.equal((await get(port, target)).status, 404, target);
                assert.equal((await get(port, '/health/ready')).status, 200);
                assert.match((await get(statusPort, '/metrics')).text, /haproxy_backend_active_servers/);

                nodes[0].signal('SIGTERM');
                await nodes[0].until(async () => (await nodes[0].admin('/health/ready')).status === 503);
                for (const [session, node] of before) {
                    const now = await nodeOf(session, 'session');
                    if (node === 'gateway-1') assert.notEqual(now, 'gateway-1');
                    else assert.equal(now, node, 'others stay');
                }
            });
        } finally {
            await Promise.all(nodes.map((node) => node.kill()));
        }
    }));
});

describe('what a client claims about its address', () => {
    const CLIENT = '127.8.9.1';
    const CLAIMS = {
        'X-Forwarded-For': '203.0.113.66', 'X-Real-IP': '203.0.113.66', Forwarded: 'for=203.0.113.66;host=evil.example;proto=https',
        'X-Forwarded-Host': 'evil.example', 'X-Forwarded-Proto': 'https', 'X-Request-Id': 'evil.example',
    };
    /** The headers of what a node would be asked, in place of a node. */
    const recorder = async () => {
        const seen = [];
        const server = http.createServer(({ headers, url }, answer) => {
            if (url === '/seen') seen.push(headers);
            answer.end('{}');
        });
        await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
        return { seen, server, port: server.address().port };
    };
    const isReplaced = async (port, seen) => {
        assert.equal((await get(port, '/seen', { from: CLIENT, headers: CLAIMS })).status, 200);
        assert.equal(seen.length, 1);
        const [headers] = seen;
        assert.deepEqual([headers['x-forwarded-for'], headers['x-forwarded-proto'], headers['x-real-ip'], headers.forwarded], [CLIENT, 'http', CLIENT, undefined]);
        assert.ok(headers['x-request-id'].length > 0);
        assert.doesNotMatch(JSON.stringify(headers), /203\.0\.113\.66|evil\.example/);
    };

    it('does not pass the nginx of deploy/', async () => {
        const { seen, server, port } = await recorder();
        const nginx = await Nginx.start({ gateways: [port] });
        try {
            await isReplaced(nginx.port, seen);
        } finally {
            await nginx.stop();
            server.close();
        }
    });

    it('does not pass the HAProxy of deploy/', () => inFolder(async (folder) => {
        const { seen, server, port: node } = await recorder();
        const { file, port } = await haproxyFile(folder, [node, node, node]);
        try {
            await withProcess('haproxy', ['-W', '-f', file], async (log) => {
                await until(() => get(port, '/').then(({ status }) => status === 200, () => false), log);
                await isReplaced(port, seen);
            });
        } finally {
            server.closeAllConnections();
            server.close();
        }
    }));
});

describe('the WAF of deploy/', () => {
    let node;
    let nginx;
    before(async () => {
        node = await startNode(EMBEDDED, 'node-1');
        nginx = await Nginx.start({
            gateways: [node.port],
            waf: true,
            edit: (config) => `load_module /usr/lib/nginx/modules/ndk_http_module.so;\nload_module /usr/lib/nginx/modules/ngx_http_modsecurity_module.so;\n${config.replace('include parts/http.conf;', 'include parts/http.conf;\n    include waf/waf.conf;')}`,
        });
    });
    after(async () => {
        await nginx?.stop();
        await node?.kill();
    });

    it('lets a conversation pass, whatever is said in it', async () => {
        const wire = await Wire.join(nginx, { session: 'trip' }, { path: '/v1/ws?session=trip' });
        const { stream } = await wire.ask({ type: 'send', content: "' OR 1=1 -- <script>alert(1)</script> ../../etc/passwd", key: 'k' });
        await wire.frame((frame) => frame.type === 'end' && frame.stream === stream);
        wire.close();
        assert.equal((await get(nginx.port, '/')).status, 200);
    });

    it('blocks probes and says which rule it was', async () => {
        const probes = ['/?file=../../../../etc/passwd', "/?q=1'%20UNION%20SELECT%20password%20FROM%20users--", '/?q=%3Cscript%3Ealert(1)%3C/script%3E', '/?x=$(cat%20/etc/passwd)', '/.git/config', '/v1/ws?session=%3Cscript%3Ealert(1)%3C/script%3E'];
        for (const probe of probes) {
            const answer = await get(nginx.port, `${probe}${probe.includes('?') ? '&' : '?'}token=secret-of-mine`, { headers: { 'User-Agent': 'test', Accept: '*/*' } });
            assert.equal(answer.status, 403, probe);
        }
        const log = await nginx.read('waf.log');
        assert.match(log, /\[id "930\d+"\]/);
        assert.match(log, /\[id "942\d+"\]/);
        await get(nginx.port, '/?token=another-secret');
        const written = (await nginx.read('access.log')) + (await nginx.read('error.log')) + nginx.log;
        assert.doesNotMatch(written, /secret-of-mine/);
        assert.doesNotMatch(written + (await nginx.read('waf.log')), /another-secret/);
    });
});

describe('the rsyslog of deploy/', () => {
    it('sends lines on, and keeps them while nobody takes them', () => inFolder(async (folder) => {
        const shipped = await text('rsyslog/streamhost.conf');
        const [port, input] = [await freePort(), path.join(folder, 'input.log')];
        await mkdir(path.join(folder, 'spool'));
        await writeFile(input, '');
        // There is no journal here: lines come from a file, under the name of the service. The rest is what is shipped.
        const config = shipped
            .replace(/^module\(load="imjournal".*$/m, `module(load="imfile" mode="polling" PollingInterval="1")\ninput(type="imfile" File="${input}" Tag="streamhost")`)
            .replace('/var/spool/rsyslog', path.join(folder, 'spool'))
            .replace('logs.example.com', '127.0.0.1').replace('port="6514"', `port="${port}"`).replace('resumeInterval="5"', 'resumeInterval="1"');
        assert.equal(config.includes('imjournal') || config.includes('6514'), false);
        const file = path.join(folder, 'rsyslog.conf');
        await writeFile(file, config);
        await run('rsyslogd', ['-N1', '-f', file], { env: { ...process.env, PATH } });
        const line = { ts: '2026-01-31T12:00:00.123Z', level: 'info', node: 'gateway-1', component: 'host', msg: 'ready "now" ä' };
        let received = '';
        const server = createServer((socket) => socket.on('data', (part) => (received += part)));
        await withProcess('rsyslogd', ['-n', '-f', file, '-i', path.join(folder, 'pid')], async (log) => {
            await writeFile(input, 'INFO  host: listening\n', { flag: 'a' });
            await until(() => /Connection refused|suspended/.test(log()), () => `nobody is there yet: ${log()}`);
            await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
            await writeFile(input, `${JSON.stringify(line)}\n`, { flag: 'a' });
            await until(() => received.includes('gateway-1'), () => `the second line: ${received} ${log()}`);
        });
        server.close();
        assert.match(received, /^\d+ <\d+>1 \d{4}-\S+ \S+ streamhost - - - INFO {2}host: listening\n/);
        assert.deepEqual(JSON.parse(received.match(/ streamhost - - - (\{.*\})\n/)[1]), line, 'as deploy/config makes nodes write it');
    }));
});
