// Processes whose wall clock jumps on order; their monotonic one goes on.
import { execFile } from 'node:child_process';
import { open, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const SOURCE = fileURLToPath(new URL('../fixtures/jumping_clock.c', import.meta.url));
const run = promisify(execFile);
const text = (seconds) => String(seconds).padEnd(16);

export class JumpingClock {
    #file;

    static async in(folder) {
        const clock = new JumpingClock();
        const library = path.join(folder, 'clock.so');
        clock.#file = path.join(folder, 'ahead');
        await run('gcc', ['-O1', '-shared', '-fPIC', '-o', library, SOURCE]);
        await writeFile(clock.#file, text(0));
        clock.environment = { LD_PRELOAD: library, JUMPING_CLOCK: clock.#file };
        return clock;
    }

    /** A place for RedisProcess.start(). */
    get place() {
        return { host: '127.0.0.1', command: ['env', ...Object.entries(this.environment).map(([name, value]) => `${name}=${value}`)] };
    }

    /** From now on the clock is so far ahead of the true one. */
    async jump(seconds) {
        const handle = await open(this.#file, 'r+');
        await handle.write(text(seconds), 0).finally(() => handle.close());
    }
}
