// deploy/prometheus and deploy/grafana: rules as promtool sees them, and every query answered by a real Prometheus that scrapes a real
// gateway, a real worker and nothing else.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';

import { onRedis, startNode } from './support/cluster.mjs';
import { freePort, root } from './support/host_process.mjs';
import { secureListener } from './support/nginx.mjs';
import { RedisProcess } from './support/redis.mjs';
import { Wire } from './support/wire.mjs';

const run = promisify(execFile);
const file = (name) => path.join(root, 'deploy', name);
const READY_MS = 60_000;
const POLL_MS = 100;

describe('the rules', () => {
    it('are accepted', async () => {
        await run('promtool', ['check', 'rules', file('prometheus/rules.yml')]);
        await run('promtool', ['check', 'config', file('prometheus/prometheus.yml')]);
    });

    it('are quiet and fire when they should, every one of them', async () => {
        await run('promtool', ['test', 'rules', file('prometheus/rules_test.yml')]);
        const alerts = (await readFile(file('prometheus/rules.yml'), 'utf8')).match(/(?<=- alert: )\w+/g);
        const tests = await readFile(file('prometheus/rules_test.yml'), 'utf8');
        for (const alert of alerts) {
            assert.match(tests, new RegExp(`alertname: ${alert}, eval_time: \\w+, exp_alerts: \\[\\]`), `${alert} is never seen quiet`);
            assert.match(tests, new RegExp(`- alertname: ${alert}\\n        eval_time: \\w+\\n        exp_alerts:\\n          - exp_labels`), `${alert} is never seen firing`);
        }
    });

    it('are explained', async () => {
        const page = await readFile(path.join(root, 'docs/operate/monitoring.md'), 'utf8');
        const alerts = (await readFile(file('prometheus/rules.yml'), 'utf8')).match(/(?<=- alert: )\w+/g);
        for (const alert of alerts) assert.match(page, new RegExp(`^\\| ${alert} `, 'm'), alert);
    });
});

describe('a Prometheus that scrapes a host', () => {
    let folder;
    let prometheus;
    let ended;
    let log = '';
    let url;
    let redis;
    const hosts = [];
    const ask = async (target) => (await fetch(`${url}${target}`)).json();
    const query = (text) => ask(`/api/v1/query?query=${encodeURIComponent(text)}`);

    before(async () => {
        redis = await RedisProcess.start();
        folder = await mkdtemp(path.join(tmpdir(), 'streamhost-prometheus-'));
        const store = onRedis(redis);
        const worker = await startNode({ words: ['-c', 'config/profiles/ai-worker.yaml'], settings: { 'store.kind': 'redis', ...store.settings } }, 'ai-1');
        hosts.push(worker);
        const gateway = await startNode(store, 'gateway-1', {
            'plugins.chat.provider': 'workers', 'plugins.chat.providers.workers': '{type: remote}', ...(await secureListener(folder)),
            'plugins.auth.enabled': true, 'plugins.auth.dev_tokens.enabled': true, 'plugins.gateway.authentication': 'required',
            'plugins.tracing.enabled': true, 'plugins.tracing.endpoint': `http://127.0.0.1:${await freePort()}`, // nobody there
        });
        hosts.push(gateway);
        const { token } = await (await fetch(`http://127.0.0.1:${gateway.port}/v1/dev-token`, { method: 'POST', body: '{"user":"somebody"}' })).json();
        const wire = await Wire.join(gateway, { session: 'seen', token });
        const { stream } = await wire.ask({ type: 'send', content: 'one two', key: 'k' });
        await wire.frame((frame) => frame.type === 'end' && frame.stream === stream);

        const shipped = await readFile(file('prometheus/prometheus.yml'), 'utf8');
        const [first] = shipped.split('  - job_name: prometheus');
        const configuration = first
            .replace(/"gateway-1-admin:8091".*\]/, `"127.0.0.1:${gateway.adminPort}"]`)
            .replace(/"worker-1-admin:8091".*\]/, `"127.0.0.1:${worker.adminPort}"]`)
            .replace(/_interval: 10s/g, '_interval: 1s').replace('scrape_timeout: 5s', 'scrape_timeout: 1s');
        await writeFile(path.join(folder, 'prometheus.yml'), configuration);
        await writeFile(path.join(folder, 'rules.yml'), await readFile(file('prometheus/rules.yml')));
        const port = await freePort();
        url = `http://127.0.0.1:${port}`;
        prometheus = spawn('prometheus', [`--config.file=${folder}/prometheus.yml`, `--storage.tsdb.path=${folder}/data`, `--web.listen-address=127.0.0.1:${port}`, '--log.level=warn']);
        prometheus.stderr.on('data', (text) => (log += text));
        ended = new Promise((resolve) => prometheus.once('close', resolve));
        const end = Date.now() + READY_MS;
        const scraped = async () => Number((await query('count(count_over_time(streamhost_ready[1m]) >= 4)')).data.result[0]?.value[1]) === 2;
        while (!(await scraped().catch(() => false))) {
            if (Date.now() > end) throw new Error(`not scraped in ${READY_MS} ms\n${log}`);
            await new Promise((resolve) => setTimeout(resolve, POLL_MS));
        }
    });
    after(async () => {
        prometheus?.kill('SIGTERM');
        await ended;
        await Promise.all(hosts.map((host) => host.kill()));
        await redis?.stop();
        if (folder) await rm(folder, { recursive: true, force: true });
    });

    it('evaluates all rules, and each reads metrics that exist', async () => {
        const { groups } = (await ask('/api/v1/rules')).data;
        const rules = groups.flatMap((group) => group.rules);
        assert.ok(rules.length >= 14);
        for (const rule of rules) {
            assert.equal(rule.lastError ?? '', '', rule.name);
            for (const metric of new Set(rule.query.match(/\b(streamhost|process)_\w+/g) ?? ['up'])) {
                assert.notEqual((await query(`count(${metric})`)).data.result.length, 0, `${rule.name} reads ${metric}, which nobody has`);
            }
        }
    });

    it('has an answer for each query of the dashboard', async () => {
        const dashboard = JSON.parse(await readFile(file('grafana/dashboards/streamhost.json'), 'utf8'));
        const expressions = dashboard.panels.flatMap((panel) => (panel.targets ?? []).map(({ expr }) => [panel.title, expr]));
        assert.ok(expressions.length > 20);
        for (const [title, expression] of expressions) {
            const answer = await query(expression.replaceAll('$instance', '.*').replaceAll('$__rate_interval', '20s'));
            assert.equal(answer.status, 'success', `${title}: ${answer.error}`);
            assert.notEqual(answer.data.result.length, 0, `${title}: nothing for ${expression}`);
        }
        assert.equal((await query(dashboard.annotations.list[0].expr)).status, 'success');
        const ids = dashboard.panels.map(({ id }) => id);
        assert.equal(new Set(ids).size, ids.length);
    });
});
