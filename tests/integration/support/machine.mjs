// How much of the machine others used while something was timed. A bound of time says something about the program only where the
// program had the machine; what was said, and in which order, counts always.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { cpus } from 'node:os';

const TICKS_PER_S = 100;
const OTHERS_AT_MOST = 0.2;
const BUSY_FACTOR = 6; // what a bound is worth on a machine that others use
const BUSY_MS = 10_000;

/** Ticks that all programs used, or the hypervisor took. */
function busyTicks() {
    const [user, nice, system, , , , , steal] = readFileSync('/proc/stat', 'utf8').split('\n')[0].trim().split(/\s+/).slice(1).map(Number);
    return user + nice + system + steal;
}

/** Of the process and those that it started, the ended ones among them. */
function ticksOfTree(root) {
    const children = new Map();
    const ticks = new Map();
    for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
        try {
            const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
            const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
            const [pid, parent] = [Number(name), Number(fields[1])];
            ticks.set(pid, fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0));
            children.set(parent, [...(children.get(parent) ?? []), pid]);
        } catch {
            // It ended meanwhile: its parent has its time.
        }
    }
    const sum = (pid) => (ticks.get(pid) ?? 0) + (children.get(pid) ?? []).reduce((all, child) => all + sum(child), 0);
    return sum(root);
}

/** A time that is being taken. */
export class Stopwatch {
    #from = performance.now();
    #busy = busyTicks();
    #own = ticksOfTree(process.pid);

    get ms() {
        return performance.now() - this.#from;
    }

    /** What others used of the machine since it started, from 0 to 1. */
    others() {
        const all = (this.ms / 1_000) * TICKS_PER_S * cpus().length;
        const others = busyTicks() - this.#busy - (ticksOfTree(process.pid) - this.#own);
        return all === 0 ? 0 : Math.min(1, Math.max(0, others / all));
    }

    /**
     * Fails when `ms` (until now, unless told) is more than `bound`; on a machine that others use only when it is far more.
     *
     * @param {{diagnostic(text: string): void}} test is told the figure
     */
    within(bound, what, test, ms = this.ms) {
        const others = this.others();
        const allowed = others < OTHERS_AT_MOST ? bound : Math.max(bound * BUSY_FACTOR, BUSY_MS);
        const shown = (value) => (value < 10 ? value.toFixed(2) : value.toFixed(0));
        const figure = `${what}: ${shown(ms)} ms of ${shown(bound)} ms, others used ${(others * 100).toFixed(0)} % of the machine`;
        test?.diagnostic(figure);
        assert.ok(ms < allowed, figure);
    }
}
