// Who used the machine while something was measured: our own processes, or others. One check for all scenarios.
import { readFileSync, readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';

const TICKS_PER_S = 100; // of Linux, whatever the kernel's own clock does
const MOST_OTHERS = 0.2; // of the machine; beyond it a window says nothing

function fieldsOf(pid) {
    try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
        return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    } catch {
        return null; // it has ended
    }
}

/** CPU seconds of a process, all threads. */
export function cpuSeconds(pid) {
    const fields = fieldsOf(pid);
    return fields === null ? 0 : (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S;
}

function allProcesses() {
    const all = [];
    for (const name of readdirSync('/proc')) {
        const fields = /^\d+$/.test(name) ? fieldsOf(name) : null;
        if (fields !== null) all.push({ pid: Number(name), parent: Number(fields[1]), fields });
    }
    return all;
}

/** Whatever ends this program ends what it started. */
export function leaveNothingBehind() {
    const end = () => {
        const all = allProcesses();
        const under = (pid) => all.filter(({ parent }) => parent === pid).flatMap(({ pid: child }) => [child, ...under(child)]);
        for (const pid of under(process.pid)) {
            try {
                process.kill(pid, 'SIGKILL');
            } catch {} // it has ended
        }
    };
    process.on('exit', end);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(130));
}

/** Of this process and all that came from it, those included that have ended. */
function treeSeconds() {
    const children = new Map();
    const seconds = new Map();
    for (const { pid, parent, fields } of allProcesses()) {
        children.set(parent, [...(children.get(parent) ?? []), pid]);
        // Its own, and what its children used that it has waited for.
        seconds.set(pid, fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / TICKS_PER_S);
    }
    const total = (pid) => (seconds.get(pid) ?? 0) + (children.get(pid) ?? []).reduce((sum, child) => sum + total(child), 0);
    return total(process.pid);
}

/** Without interrupts, in which the kernel carries our own packets; with what the hypervisor took. */
function machineSeconds() {
    const [user, nice, system, , , , , stolen] = readFileSync('/proc/stat', 'utf8').split('\n')[0].trim().split(/\s+/).slice(1).map(Number);
    return (user + nice + system + stolen) / TICKS_PER_S;
}

/** From its making to `end()`. */
export class Window {
    #from = performance.now();
    #machine = machineSeconds();
    #own = treeSeconds();

    /** @returns {{others: number, isValid: boolean}} the share of the machine that others used */
    end() {
        const available = ((performance.now() - this.#from) / 1_000) * availableParallelism();
        const others = Math.max(0, machineSeconds() - this.#machine - (treeSeconds() - this.#own)) / available;
        return { others, isValid: others <= MOST_OTHERS };
    }
}
