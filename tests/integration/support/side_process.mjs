// Programs beside the host, such as proxies, for as long as a test needs them.
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { inFolder } from './host_process.mjs';

export const PATH = `${process.env.PATH}:/usr/sbin`;
const READY_MS = 20_000;
const POLL_MS = 50;

/** Asks again until it is so; `what` to say where it is not. */
export async function until(isSo, what) {
    const end = Date.now() + READY_MS;
    while (!(await isSo())) {
        if (Date.now() > end) throw new Error(`${typeof what === 'string' ? what : what()}: not so in ${READY_MS} ms`);
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
}

/** Runs while `use` does; `log()` answers what it printed. */
export async function withProcess(command, words, use) {
    return inFolder(async (folder) => {
        // Files, not pipes: HAProxy drops lines that nobody takes at once. And two: a warning in the middle of a line would hide a request.
        const files = ['stdout', 'stderr'].map((name) => path.join(folder, name));
        const outputs = files.map((file) => openSync(file, 'a'));
        const child = spawn(command, words, { env: { ...process.env, PATH }, stdio: ['ignore', ...outputs] });
        outputs.forEach(closeSync);
        const ended = new Promise((resolve) => child.once('close', resolve));
        try {
            return await use(() => files.map((file) => readFileSync(file, 'utf8')).join(''));
        } finally {
            child.kill('SIGTERM');
            const late = setTimeout(() => child.kill('SIGKILL'), READY_MS);
            await ended;
            clearTimeout(late);
        }
    });
}
