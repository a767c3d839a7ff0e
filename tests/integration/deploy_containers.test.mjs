// deploy/docker, deploy/compose, deploy/kubernetes and their configuration, without an engine: what the tools that read them say, and what
// has to agree between them.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { before, describe, it } from 'node:test';
import { promisify } from 'node:util';

import { onRedis, startNode } from './support/cluster.mjs';
import { binary, inFolder, pluginDirectory, root, runHost } from './support/host_process.mjs';
import { Nginx } from './support/nginx.mjs';
import { RedisProcess } from './support/redis.mjs';
import { parsed } from './support/yaml.mjs';

const run = promisify(execFile);
const deploy = (name) => path.join(root, 'deploy', name);
const text = (name) => readFile(deploy(name), 'utf8');
const exitWithin = async (name) => Number((await text(`config/${name}.yaml`)).match(/exit_within_ms: (\d+)/)[1]);
const seconds = (value) => (String(value).match(/^(?:(\d+)m)?(?:(\d+)s)?$/) ?? []).slice(1).reduce((sum, part) => sum * 60 + Number(part ?? 0), 0);

describe('the configuration of deploy/', () => {
    /** What no file can mend: the networks of compose and the policies of Kubernetes do, and a model that is not there yet. */
    const LEFT_TO_OTHERS = { gateway: ['exposure', 'exposure', 'redis-tls', 'sentinel-tls'], worker: ['answers', 'exposure', 'redis-tls', 'sentinel-tls'] };
    for (const name of ['gateway', 'worker']) {
        it(`is one to put into production: ${name}`, () => inFolder(async (folder) => {
            for (const secret of ['redis-streamhost', 'redis-watcher', 'jwt-key']) await writeFile(path.join(folder, secret), randomBytes(32).toString('base64'), { mode: 0o440 });
            const layers = { [`${name}.yaml`]: await text(`config/${name}.yaml`) };
            layers['auth.yaml'] = await text('config/auth.yaml');
            const files = [];
            for (const [file, yaml] of Object.entries(layers)) {
                files.push(path.join(folder, file));
                await writeFile(files.at(-1), yaml.replaceAll('/run/secrets/', `${folder}/`));
            }
            // As the environment of a container has it: reached by others, which is refused where nobody asks who they are.
            const { code, out, err } = await runHost(['config', 'check', '--production', ...files, '--set', 'listeners.admin.address=0.0.0.0:8091'], { NODE_ID: `${name}-1` });
            assert.deepEqual([code, err], [0, ''], out);
            assert.deepEqual([...out.matchAll(/^warning: ([a-z-]+): /gm)].map(([, finding]) => finding).sort(), LEFT_TO_OTHERS[name], out);
        }));
    }
});

describe('the image', () => {
    it('has the libraries that the host and its plugins ask for', async () => {
        const files = [binary, ...(await readdir(pluginDirectory)).filter((name) => name.endsWith('.so')).map((name) => path.join(pluginDirectory, name))];
        const { stdout } = await run('ldd', files);
        const libraries = new Set([...stdout.matchAll(/=> (\S+) \(/g)].map(([, file]) => file));
        const dockerfile = await text('docker/Dockerfile');
        const installed = dockerfile.slice(dockerfile.indexOf(' AS run'));
        // Packages name files below /lib or below /usr/lib, which are the same.
        const names = [...libraries].flatMap((file) => [file, file.startsWith('/usr') ? file.slice(4) : `/usr${file}`]);
        const owners = await run('dpkg-query', ['--search', ...names]).then((said) => said.stdout, (error) => error.stdout);
        const comesAlong = new Set(['libc6', 'libgcc-s1', 'libpcre3', 'libexpat1']); // of every Debian, or of Poco
        for (const library of libraries) {
            const owner = owners.match(new RegExp(`^([^:\\n]+):.* \\S*/${path.basename(library).replaceAll('+', '\\+')}$`, 'm'))?.[1];
            assert.ok(comesAlong.has(owner) || installed.includes(` ${owner}`), `${library} is in ${owner}`);
        }
    });

    it('runs as nobody, is asked how it is, and is stopped by a drain', async () => {
        const dockerfile = await text('docker/Dockerfile');
        assert.match(dockerfile, /^ARG BASE=debian:12\.\d+-slim$/m);
        assert.equal(dockerfile.match(/^FROM /gm).length, 2);
        assert.match(dockerfile, /^USER 10001:10001$/m);
        assert.match(dockerfile, /^STOPSIGNAL SIGTERM$/m);
        assert.match(dockerfile, /^HEALTHCHECK .*CMD \["streamhost", "healthcheck", /m);
        assert.match(dockerfile, /^ENTRYPOINT \["streamhost"\]$/m);
        for (const copied of ['scripts/packages.txt', 'scripts/install-packages.sh', 'deploy/config']) assert.ok(existsSync(path.join(root, copied)));
    });
});

describe('the compose file', () => {
    let services;
    let file;
    before(async () => {
        const options = ['--env-file', deploy('.env.example'), '--file', deploy('compose/docker-compose.yml'), '--profile', 'kafka', 'config'];
        // Told nothing else: the values are those of .env.example.
        const { stdout } = await run('docker-compose', options, { env: { PATH: process.env.PATH } });
        [file] = await parsed(stdout);
        services = file.services;
    });

    it('has everybody', () => {
        const three = (name) => [1, 2, 3].map((number) => `${name}-${number}`);
        assert.deepEqual(Object.keys(services).sort(), [...['gateway', 'worker', 'redis', 'sentinel'].flatMap(three), 'nginx', 'kafka', 'prometheus', 'grafana'].sort());
    });

    it('opens ports of nginx alone', () => {
        for (const [name, { ports }] of Object.entries(services)) assert.equal(ports !== undefined, name === 'nginx', name);
    });

    it('asks everybody how they are, and starts them again', () => {
        for (const [name, { healthcheck, restart }] of Object.entries(services)) {
            assert.ok(healthcheck?.test.length > 1, name);
            assert.equal(restart, 'unless-stopped', name);
        }
    });

    it('keeps the proxy from the data, and the data from outside', () => {
        const nets = (name) => Object.keys(Array.isArray(services[name].networks) ? Object.fromEntries(services[name].networks.map((net) => [net])) : services[name].networks).sort();
        assert.deepEqual(nets('nginx'), ['edge', 'front']);
        for (const number of [1, 2, 3]) {
            assert.deepEqual(nets(`redis-${number}`), ['back']);
            assert.deepEqual(nets(`sentinel-${number}`), ['back']);
            assert.deepEqual(nets(`gateway-${number}`), ['back', 'front']);
            assert.deepEqual(nets(`worker-${number}`), ['back', 'out']);
        }
        for (const name of ['front', 'back', 'watch']) assert.equal(file.networks[name].internal, true, name);
    });

    it('lets nobody be more than they have to', () => {
        for (const [name, service] of Object.entries(services)) {
            assert.deepEqual(service.cap_drop, ['ALL'], name);
            assert.deepEqual(service.security_opt, ['no-new-privileges:true'], name);
            if (name !== 'kafka') assert.equal(service.read_only, true, name);
        }
    });

    it('waits longer for a drain than the host takes', async () => {
        for (const [name, configuration] of [['gateway-1', 'gateway'], ['worker-1', 'worker']]) {
            assert.ok(seconds(services[name].stop_grace_period) * 1_000 > (await exitWithin(configuration)), name);
        }
    });

    it('names nodes as nginx, Prometheus and the Sentinels are told', async () => {
        const proxied = [...(await text('nginx/gateways.conf')).matchAll(/^server (\S+):8080/gm)].map(([, name]) => name);
        assert.deepEqual(proxied, ['gateway-1', 'gateway-2', 'gateway-3']);
        const scraped = [...(await text('prometheus/prometheus.yml')).matchAll(/"([a-z]+-\d-admin):8091"/g)].map(([, name]) => name);
        const aliases = Object.values(services).flatMap(({ networks }) => networks?.back?.aliases ?? []);
        assert.deepEqual(scraped.sort(), aliases.sort());
        for (const number of [1, 2, 3]) assert.match(await text('config/gateway.yaml'), new RegExp(`"sentinel-${number}:26379"`));
    });

    it('mounts what is there', async () => {
        const made = new Set(['tls']); // by deploy.sh
        for (const [name, { volumes = [] }] of Object.entries(services)) {
            for (const volume of volumes) {
                const source = typeof volume === 'string' ? volume.split(':')[0] : volume.source;
                if (source.startsWith('/') && !made.has(path.basename(source))) assert.ok(existsSync(source), `${name}: ${source}`);
            }
        }
        const secrets = (await text('deploy.sh')).match(/SECRETS=\((.*)\)/)[1].split(' ').sort();
        assert.deepEqual(Object.keys(file.secrets).sort(), secrets);
    });
});

describe('the Kubernetes objects', () => {
    let objects;
    const only = (kind, name) => objects.find((object) => object.kind === kind && object.metadata.name === name);
    before(async () => {
        objects = await parsed((await run('kubectl', ['kustomize', deploy('kubernetes')], { maxBuffer: 1 << 24 })).stdout);
    });

    it('are as the API has them', () => inFolder(async (folder) => {
        const modules = { v1: 'core/v1', 'apps/v1': 'apps/v1', 'policy/v1': 'policy/v1', 'autoscaling/v2': 'autoscaling/v2', 'networking.k8s.io/v1': 'networking/v1' };
        const lines = objects.map((object, index) => `const o${index}: import('kubernetes-types/${modules[object.apiVersion]}').${object.kind} = ${JSON.stringify(object, null, 1)};`);
        await writeFile(path.join(folder, 'objects.ts'), `export {};\n${lines.join('\n')}\n`);
        await mkdir(path.join(folder, 'node_modules'));
        await symlink(path.join(root, 'tests/integration/node_modules/kubernetes-types'), path.join(folder, 'node_modules/kubernetes-types'));
        const compiler = path.join(root, 'clients/js/node_modules/typescript/bin/tsc');
        await run(process.execPath, [compiler, '--noEmit', '--strict', '--typeRoots', path.join(folder, 'none'), '--moduleResolution', 'bundler', '--module', 'esnext', path.join(folder, 'objects.ts')])
            .catch(({ stdout }) => assert.fail(stdout));
    }));

    it('hang together', async () => {
        const config = objects.find(({ kind }) => kind === 'ConfigMap');
        for (const part of ['gateway', 'worker']) {
            const { spec } = only('Deployment', part);
            const pod = spec.template.spec;
            const [container] = pod.containers;
            for (const [name, value] of Object.entries(spec.selector.matchLabels)) assert.equal(spec.template.metadata.labels[name], value);
            assert.deepEqual(only('PodDisruptionBudget', part).spec.selector, spec.selector);
            assert.equal(only('HorizontalPodAutoscaler', part).spec.scaleTargetRef.name, part);
            assert.equal(spec.replicas, undefined);
            assert.ok(pod.terminationGracePeriodSeconds * 1_000 > (await exitWithin(part)));
            assert.equal(pod.automountServiceAccountToken, false);
            assert.equal(only('ServiceAccount', pod.serviceAccountName).automountServiceAccountToken, false);
            assert.equal(pod.securityContext.runAsNonRoot, true);
            assert.deepEqual(container.securityContext, { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } });
            assert.equal(container.resources.limits.cpu, undefined);
            const ports = container.ports.map(({ name }) => name);
            for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe']) assert.ok(ports.includes(container[probe].httpGet.port), probe);
            assert.equal(pod.volumes.find(({ name }) => name === 'config').configMap.name, config.metadata.name);
            for (const file of container.args.filter((word) => word.startsWith('/'))) assert.ok(config.data[path.basename(file)], file);
            const mounted = container.volumeMounts.map(({ name }) => name).sort();
            assert.deepEqual(mounted, pod.volumes.map(({ name }) => name).sort());
        }
        assert.deepEqual(only('Service', 'gateway').spec.selector, only('Deployment', 'gateway').spec.selector.matchLabels);
        assert.equal(objects.filter(({ kind }) => kind === 'Secret').length, 0, 'secrets are referred to, not shipped');
        for (const { metadata } of objects.filter(({ kind }) => kind !== 'Namespace')) assert.equal(metadata.namespace, 'streamhost');
    });
});

describe('the workflows', () => {
    it('run what is there, with no more rights than they need', async () => {
        const folder = path.join(root, '.github/workflows');
        const files = await readdir(folder);
        assert.deepEqual(files.sort(), ['ci.yml', 'deploy.yml', 'image.yml']);
        for (const name of files) {
            const [workflow] = await parsed(await readFile(path.join(folder, name), 'utf8'));
            assert.equal(workflow.permissions.contents, 'read', name);
            for (const job of Object.values(workflow.jobs)) {
                assert.ok(job['timeout-minutes'] > 0, name);
                for (const step of job.steps) {
                    assert.ok(step.run !== undefined || /^[\w-]+\/[\w-]+@v\d+$/.test(step.uses), `${name}: ${JSON.stringify(step)}`);
                    for (const [, file] of (step.run ?? '').matchAll(/(?:^|\s)((?:\.\/dev|deploy\/[\w./-]+))/g)) assert.ok(existsSync(path.join(root, file)), `${name}: ${file}`);
                    if (step.with?.file) assert.ok(existsSync(path.join(root, step.with.file)), step.with.file);
                    if (step.run) await run('bash', ['-n', '-c', step.run.replaceAll(/\$\{\{.*?\}\}/g, 'x')]);
                }
            }
        }
    });
});

// What an engine would be told, and in which order: `docker` is a recorder here.
describe('deploy.sh compose', () => {
    const RECORDER = `#!/bin/sh
case "$*" in
    *'config --services'*) printf '%s\\n' nginx worker-1 gateway-2 gateway-1 redis-1 ;;
    *"$FAILS_AT"*) exit 1 ;;
esac
echo "$*" >>"$RECORD"
`;
    const inTree = (use) => inFolder(async (folder) => {
        await run('cp', ['-r', deploy('.'), path.join(folder, 'deploy')]);
        await run('rm', ['-rf', path.join(folder, 'deploy/.env'), path.join(folder, 'deploy/secrets')]);
        await mkdir(path.join(folder, 'bin'));
        await writeFile(path.join(folder, 'bin/docker'), RECORDER, { mode: 0o755 });
        const record = path.join(folder, 'record');
        const call = async (words, failsAt = 'nowhere') => {
            await writeFile(record, '');
            const env = { ...process.env, PATH: `${folder}/bin:${process.env.PATH}`, RECORD: record, FAILS_AT: failsAt };
            const status = await run(path.join(folder, 'deploy/deploy.sh'), words, { env }).then(({ stdout }) => ({ code: 0, stdout }), ({ code, stderr }) => ({ code, stderr }));
            const said = (await readFile(record, 'utf8')).trim().split('\n').map((line) => line.replace(/compose --env-file \S+ /, ''));
            return { ...status, said };
        };
        return use(call, path.join(folder, 'deploy'));
    });

    it('makes each password once, builds, starts, waits, and says where', () => inTree(async (call, folder) => {
        const { code, stdout, said } = await call(['compose']);
        assert.equal(code, 0);
        assert.match(stdout, /The chat page: {2}http:\/\/127\.0\.0\.1:80\//);
        assert.match(said.find((line) => line.startsWith('build ')), /--file \S+\/deploy\/docker\/Dockerfile --tag streamhost:local /);
        assert.ok(said.indexOf('up --detach --wait --wait-timeout 180') > said.findIndex((line) => line.startsWith('build ')));
        const secrets = async () => Object.fromEntries(await Promise.all((await readdir(path.join(folder, 'secrets'))).filter((name) => name !== 'tls')
            .map(async (name) => [name, await readFile(path.join(folder, 'secrets', name), 'utf8')])));
        const made = await secrets();
        assert.equal(Object.keys(made).length, 9);
        assert.equal(new Set(Object.values(made)).size, 9);
        for (const secret of Object.values(made)) assert.match(secret, /^[A-Za-z0-9]{32,}$/);
        assert.equal((await call(['compose'])).code, 0);
        assert.deepEqual(await secrets(), made);
    }));

    it('updates one after the other, gateways first, and stops where one does not come up', () => inTree(async (call) => {
        const ups = (said) => said.filter((line) => line.startsWith('up ')).map((line) => line.split(' ').at(-1));
        assert.deepEqual(ups((await call(['compose', 'update'])).said), ['gateway-1', 'gateway-2', 'worker-1']);
        const { code, said, stderr } = await call(['compose', 'update'], 'gateway-2');
        assert.equal(code, 1);
        assert.deepEqual(ups(said), ['gateway-1']);
        assert.match(stderr, /gateway-2 is not healthy/);
    }));
});

// The engine is a script here, and what it would run in containers are nodes of this machine: asked, killed and started for real.
describe('verify.sh compose', () => {
    const GATEWAYS = ['gateway-1', 'gateway-2', 'gateway-3'];
    const HANDS_OVER = { 'plugins.chat.provider': 'workers', 'plugins.chat.providers.workers': '{type: remote, policy: continue}' };
    const ENGINE = `#!/bin/bash
shift 3 # compose --env-file FILE
echo "$*" >>"$RECORD"
place() { sed -n "s/^$1 //p" "$PLACES"; }
case "$1" in
    config) printf '%s\\n' nginx redis-1 worker-1 ${GATEWAYS.join(' ')} ;;
    exec)
        read -r port pid <<<"$(place "$3")"
        last=\${!#}
        exec "$STREAMHOST" "\${@:5:$#-5}" "http://127.0.0.1:$port\${last#http://$3-admin:8091}" ;;
    kill)
        read -r port pid <<<"$(place "$2")"
        kill -KILL "$pid" ;;
esac
`;

    it('passes where all is well, and brings a node back that it killed under an answer', { timeout: 180_000 }, () => inFolder(async (folder) => {
        await run('cp', ['-r', deploy('.'), path.join(folder, 'deploy')]);
        await run('rm', ['-rf', path.join(folder, 'deploy/.env'), path.join(folder, 'deploy/secrets')]);
        await mkdir(path.join(folder, 'clients'));
        await symlink(path.join(root, 'clients/js'), path.join(folder, 'clients/js'));
        await mkdir(path.join(folder, 'bin'));
        await writeFile(path.join(folder, 'bin/docker'), ENGINE, { mode: 0o755 });
        const [record, places] = [path.join(folder, 'record'), path.join(folder, 'places')];
        const redis = await RedisProcess.start();
        const nodes = new Map();
        const startOne = async (name, more = {}, words = onRedis(redis).words) => {
            nodes.set(name, await startNode({ ...onRedis(redis), words }, name, more));
            await writeFile(places, [...nodes].map(([each, { adminPort, pid }]) => `${each} ${adminPort} ${pid}\n`).join(''));
        };
        let nginx;
        try {
            await startOne('worker-1', { 'store.kind': 'redis', 'plugins.chat.providers.echo.delay_ms': 20 }, ['-c', 'config/profiles/ai-worker.yaml']);
            for (const name of GATEWAYS) await startOne(name, HANDS_OVER);
            nginx = await Nginx.start({ gateways: GATEWAYS.map((name) => nodes.get(name).port) });
            await writeFile(record, '');
            const env = { ...process.env, PATH: `${folder}/bin:${process.env.PATH}`, RECORD: record, PLACES: places, STREAMHOST: binary, STREAMHOST_URL: `http://127.0.0.1:${nginx.port}` };
            let status;
            const verified = run(path.join(folder, 'deploy/verify.sh'), ['compose'], { env })
                .then(({ stdout }) => (status = { code: 0, stdout }), ({ code, stdout, stderr }) => (status = { code, stdout: stdout + stderr }));
            const orders = async (order) => [...(await readFile(record, 'utf8')).matchAll(new RegExp(`^${order} (\\S+)$`, 'gm'))].map(([, name]) => name);
            const isTold = async () => status !== undefined || (await orders('up --detach --no-deps --wait')).length > 0;
            await nodes.get('gateway-1').until(isTold, 120_000);
            assert.equal(status, undefined, status?.stdout);
            const [name] = await orders('up --detach --no-deps --wait');
            assert.deepEqual(await orders('kill'), [name]);
            const { port } = nodes.get(name);
            assert.equal((await nodes.get(name).ended()).signal, 'SIGKILL');
            await startOne(name, { ...HANDS_OVER, 'listeners.public.address': `127.0.0.1:${port}` });
            nodes.get(name).port = port;
            await verified;
            assert.equal(status.code, 0, status.stdout);
            assert.match(status.stdout, /^\d+ passed, 0 failed$/m);
            assert.match(status.stdout, /^ok {4}an answer survives the loss of its reader's node$/m);
        } finally {
            await nginx?.stop();
            await Promise.all([...nodes.values()].map((node) => node.kill()));
            await redis.stop();
        }
    }));
});
