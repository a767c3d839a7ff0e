// The load generator (tests/bench/load) as a child: what it is told, and the document that it writes.
import { spawn } from 'node:child_process';
import { mkdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';

import { binary, root } from '../../integration/support/host_process.mjs';

const programs = path.dirname(binary);
export const program = (name) => path.join(programs, name);
const MARKS = ['open', 'measuring'];
const results = path.join(root, 'build/bench/results');

/** Nothing was wrong, but it came too late to be waited for: the machine did not keep up. */
export class Late extends Error {}

export class Load {
    #process;
    #file;
    #ended;
    #printed = '';
    #watchers = new Set();

    /**
     * @param {string} scenario
     * @param {{nodes?: object[], gone?: object[], redis?: object[], bare?: object, name?: string, targets?: {port: number}[], pids?: number[], core?: string}} on
     *     `gone`: nodes that will be killed meanwhile; `targets` and `pids`: servers of any kind, and all processes that are theirs
     * @param {Record<string, string | number>} parameters
     */
    static async start(scenario, { nodes = [], gone = [], redis = [], bare, name = scenario, targets = nodes, pids = [], core }, parameters = {}) {
        await mkdir(results, { recursive: true });
        const load = new Load();
        load.#file = path.join(results, `${name}.json`);
        await rm(load.#file, { force: true });
        const words = [
            ...targets.flatMap((target) => ['--port', target.port]),
            ...pids.flatMap((pid) => ['--pid', pid]),
            ...nodes.filter((node) => !gone.includes(node)).flatMap((node) => ['--pid', node.pid]),
            ...redis.flatMap((server) => ['--aside', server.pid]),
            ...(bare === undefined ? [] : ['--redis', bare.port]),
            '--out',
            load.#file,
            ...Object.entries(parameters).map(([key, value]) => `${key}=${value}`),
        ];
        const bound = core === undefined ? [] : ['taskset', '-c', core];
        const command = [...bound, program('streamhost_load'), scenario, ...words.map(String)];
        load.#process = spawn(command[0], command.slice(1), { stdio: ['pipe', 'pipe', 'pipe'] });
        for (const stream of [load.#process.stdout, load.#process.stderr]) stream.on('data', (text) => load.#heard(text));
        load.#process.stdin.on('error', () => {}); // it ended: 'close' says so
        load.#ended = new Promise((resolve) => {
            load.#process.once('close', (code) => (resolve(code), load.#heard('')));
        });
        load.#ended.then((code) => (load.code = code));
        return load;
    }

    #heard(text) {
        this.#printed += text;
        this.#watchers.forEach((look) => look());
    }

    #complaint(code) {
        const lines = this.#printed.split('\n').filter((line) => !MARKS.includes(line));
        const said = lines.join('\n').trim() || `the generator ended with ${code}`;
        return /^streamhost_load: after \d+ s: /.test(said) ? new Late(said) : new Error(said);
    }

    /** Until it printed the line, one of MARKS. */
    async says(line) {
        await new Promise((resolve, reject) => {
            const look = () => {
                if (this.#printed.split('\n').includes(line)) resolve();
                else if (this.code !== undefined) reject(this.#complaint(this.code));
                else return;
                this.#watchers.delete(look);
            };
            this.#watchers.add(look);
            this.#ended.then(look);
            look();
        });
    }

    order(line) {
        this.#process.stdin.write(`${line}\n`);
    }

    /** Its document; throws with what it said when something was not as it has to be. */
    async ended() {
        const code = await this.#ended;
        if (code !== 0) throw this.#complaint(code);
        return JSON.parse(await readFile(this.#file, 'utf8'));
    }

    kill() {
        this.#process.kill('SIGKILL');
    }
}

export const run = async (scenario, on, parameters) => (await Load.start(scenario, on, parameters)).ended();
