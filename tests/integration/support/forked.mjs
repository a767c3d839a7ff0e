// A part of a test in a process of its own, which answers one question after the other: what is timed beside it is the host, and not what
// the test itself does with what it reads and sends.
import { fork } from 'node:child_process';
import { getPriority, setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';

const NICER = 10; // it has the processor where the others leave it
const LOWEST = 19;

export class Forked {
    #process;

    /** @param {string} module that calls answerWith(), by its import.meta.url */
    static async start(module, words) {
        const forked = new Forked();
        forked.#process = fork(fileURLToPath(module), words, { serialization: 'advanced' });
        await forked.#says();
        return forked;
    }

    /** What the process answers, or fails as it did there. */
    ask(question) {
        this.#process.send(question);
        return this.#says();
    }

    stop() {
        this.#process.kill();
    }

    #says() {
        return new Promise((resolve, reject) => {
            const ended = (code) => reject(new Error(`it ended with ${code}`));
            this.#process.once('exit', ended);
            this.#process.once('message', ({ answer, error }) => {
                this.#process.off('exit', ended);
                if (error === undefined) resolve(answer);
                else reject(new Error(error));
            });
        });
    }
}

/** In the process itself, and nothing where the module was only imported: `prepare(...words)` comes to what answers each question. */
export async function answerWith(module, prepare) {
    if (process.argv[1] !== fileURLToPath(module)) return;
    setPriority(Math.min(LOWEST, getPriority() + NICER));
    const say = async (answers) => {
        try {
            process.send({ answer: await answers() });
        } catch (error) {
            process.send({ error: error.stack });
        }
    };
    process.once('disconnect', () => process.exit());
    let answer;
    process.on('message', (question) => say(() => answer(question)));
    await say(async () => void (answer = await prepare(...process.argv.slice(2))));
}
