// The attacks of support/attacks.mjs from a process of their own, which has the processor where the others leave it: what is timed beside
// them is the host, and not the price of attacking.
import { fork } from 'node:child_process';
import { getPriority, setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';

import { attacks } from './attacks.mjs';

const NICER = 10;
const LOWEST = 19;
const program = fileURLToPath(import.meta.url);

export class Attacker {
    #process;

    static async start(host) {
        const attacker = new Attacker();
        attacker.#process = fork(program, [String(host.port)]);
        await attacker.#says();
        return attacker;
    }

    /** @returns {Promise<{tries: number, unexpected: Record<string, number>}>} */
    run(attack) {
        this.#process.send(attack);
        return this.#says();
    }

    stop() {
        this.#process.kill();
    }

    #says() {
        return new Promise((resolve, reject) => {
            const ended = (code) => reject(new Error(`the attacker ended with ${code}`));
            this.#process.once('exit', ended);
            this.#process.once('message', ({ outcome, error }) => {
                this.#process.off('exit', ended);
                if (error === undefined) resolve(outcome);
                else reject(new Error(error));
            });
        });
    }
}

if (process.argv[1] === program) {
    setPriority(Math.min(LOWEST, getPriority() + NICER));
    process.on('message', async (attack) => {
        try {
            process.send({ outcome: await attacks[attack](Number(process.argv[2])) });
        } catch (error) {
            process.send({ error: error.stack });
        }
    });
    process.send({});
}
