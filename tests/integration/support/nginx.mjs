// The nginx of deploy/nginx as it is shipped, but for addresses, ports and folders.
import { execFile, spawn } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

import { freePort, root } from './host_process.mjs';

const run = promisify(execFile);
const READY_MS = 15_000;
const END_MS = 15_000;
const POLL_MS = 20;
const PATH = `${process.env.PATH}:/usr/sbin`;
const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path tmp/${name};`).join(' ');

/** A certificate for `localhost` that signs itself. */
export async function makeCertificate(folder) {
    await mkdir(folder, { recursive: true });
    const [key, certificate] = [path.join(folder, 'key.pem'), path.join(folder, 'certificate.pem')];
    await run('openssl', [
        ...'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost'.split(' '),
        '-keyout', key, '-out', certificate,
    ]);
    return { key, certificate };
}

/** One for the same key and names, which ended yesterday. */
export async function makeEndedCertificate(folder, key) {
    const [request, names, certificate] = ['request.pem', 'names', 'ended.pem'].map((name) => path.join(folder, name));
    await writeFile(names, 'subjectAltName=DNS:localhost\n');
    await run('openssl', ['req', '-new', '-subj', '/CN=localhost', '-key', key, '-out', request]);
    await run('openssl', [...'x509 -req -days -1 -in'.split(' '), request, '-signkey', key, '-extfile', names, '-out', certificate]);
    return certificate;
}

/** Settings of a listener with TLS beside the others. */
export async function secureListener(folder) {
    const { key, certificate } = await makeCertificate(folder);
    const at = 'listeners.secure';
    return { [`${at}.address`]: '127.0.0.1:0', [`${at}.tls.enabled`]: true, [`${at}.tls.cert_file`]: certificate, [`${at}.tls.key_file`]: key };
}

/** One answer; `from`: the client's address, any of 127.0.0.0/8. */
export function get(port, target, { from, headers = {}, method = 'GET', body } = {}) {
    return new Promise((resolve, reject) => {
        const request = http.request({ host: '127.0.0.1', port, path: target, method, localAddress: from, agent: false, headers }, (answer) => {
            let text = '';
            answer.on('data', (part) => (text += part));
            answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, text }));
        });
        request.on('error', reject);
        request.end(body);
    });
}

export class Nginx {
    log = '';
    #process;
    #exit;

    /** Writes the folder; `check` or `start` then. `gateways`, `models`: ports of 127.0.0.1. */
    static async prepare({ sticky = 'session', site = 'plain', gateways = [1, 2, 3], models = [1, 2, 3], waf = false, edit = (text) => text } = {}) {
        const nginx = new Nginx();
        nginx.folder = await mkdtemp(path.join(tmpdir(), 'streamhost-nginx-'));
        await chmod(nginx.folder, 0o755); // its workers are somebody else where this is root
        await cp(path.join(root, 'deploy/nginx'), nginx.folder, { recursive: true });
        if (waf) {
            await cp(path.join(root, 'deploy/waf'), path.join(nginx.folder, 'waf'), { recursive: true });
            await nginx.#change(['waf/waf.conf'], (text) => text.replace('/etc/nginx/waf/', `${nginx.folder}/waf/`));
            await nginx.#change(['waf/rules.conf'], (text) => text.replace('/var/log/nginx/', `${nginx.folder}/logs/`));
        }
        for (const name of ['tmp', 'logs']) await mkdir(path.join(nginx.folder, name), { recursive: true });
        for (const [name, number] of Object.entries({ port: 80, tlsPort: 443, statusPort: 8090, modelsPort: 8085 })) {
            nginx[name] = await freePort();
            await nginx.#change(['site/plain.conf', 'site/tls.conf', 'site/status.conf', 'site/models.conf'], (text) =>
                text.replace(new RegExp(`listen (127\\.0\\.0\\.1:)?${number}\\b`), `listen 127.0.0.1:${nginx[name]}`));
        }
        const list = (file, ports) => nginx.#change([file], (text) => {
            const [words] = text.match(/:\d+( .*);/).slice(1);
            return ports.map((port) => `server 127.0.0.1:${port}${words};\n`).join('');
        });
        await list('gateways.conf', gateways);
        await list('models.conf', models);
        await nginx.#change(['nginx.conf', 'parts/site.conf', 'site/models.conf'], (text) => text.replaceAll('/var/log/nginx/', `${nginx.folder}/logs/`));
        await nginx.#change(['nginx.conf'], (text) => edit(text
            .replace('pid /run/nginx.pid;', 'pid nginx.pid;')
            .replace('http {', `http {\n    ${TEMPORARY}`)
            .replace('include sticky/session.conf;', `include sticky/${sticky}.conf;`)
            .replace('include site/plain.conf;', `include site/${site}.conf;`)
            .replace('# include site/models.conf;', 'include site/models.conf;')));
        await makeCertificate(path.join(nginx.folder, 'tls'));
        return nginx;
    }

    static async start(options) {
        const nginx = await Nginx.prepare(options);
        try {
            await nginx.#run();
        } catch (error) {
            await nginx.stop();
            throw error;
        }
        return nginx;
    }

    async #change(files, change) {
        for (const file of files) {
            const name = path.join(this.folder, file);
            await writeFile(name, change(await readFile(name, 'utf8')));
        }
    }

    /** What `nginx -t` says; throws where it refuses. */
    async check() {
        const { stderr } = await run('nginx', ['-t', '-p', this.folder, '-e', 'stderr', '-c', 'nginx.conf'], { env: { ...process.env, PATH } });
        return stderr;
    }

    async #run() {
        this.#process = spawn('nginx', ['-p', this.folder, '-e', 'stderr', '-c', 'nginx.conf', '-g', 'daemon off;'], { env: { ...process.env, PATH }, stdio: ['ignore', 'pipe', 'pipe'] });
        for (const stream of [this.#process.stdout, this.#process.stderr]) stream.on('data', (text) => (this.log += text));
        let ended = false;
        this.#exit = new Promise((resolve) => this.#process.once('close', () => ((ended = true), resolve())));
        const end = Date.now() + READY_MS;
        while (!ended && Date.now() < end) {
            if (await get(this.statusPort, '/status').then((answer) => answer.status === 200, () => false)) return;
            await new Promise((resolve) => setTimeout(resolve, POLL_MS));
        }
        throw new Error(`nginx is not up\n${this.log}`);
    }

    get url() {
        return `ws://127.0.0.1:${this.port}`;
    }

    /** Their pids; the old ones stay while they have sockets. */
    async workers() {
        const { pid } = this.#process;
        return (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(/\s+/);
    }

    signal(name) {
        this.#process.kill(name);
    }

    /** The lines of access.log, each by the names in it, once there are `count` of them. */
    async hops(count = 0) {
        const end = Date.now() + READY_MS;
        for (;;) {
            const lines = (await this.read('access.log')).split('\n').filter(Boolean);
            if (lines.length >= count || Date.now() > end) {
                return lines.map((line) => ({ line, ...Object.fromEntries([...line.matchAll(/(\w+)=(\S+)/g)].map(([, name, value]) => [name, value])) }));
            }
            await new Promise((resolve) => setTimeout(resolve, POLL_MS));
        }
    }

    read(name) {
        return readFile(path.join(this.folder, 'logs', name), 'utf8');
    }

    async stop() {
        if (this.#process !== undefined) {
            this.#process.kill('SIGTERM');
            const late = setTimeout(() => this.#process.kill('SIGKILL'), END_MS);
            await this.#exit;
            clearTimeout(late);
        }
        await rm(this.folder, { recursive: true, force: true });
    }
}
