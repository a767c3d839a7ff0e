// Network namespaces on one bridge, for partitions in which packets vanish and nobody is told. Needs root and the tool `ip`.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const NOWHERE = '02:00:00:00:00:99'; // a neighbour that nobody is

const ip = async (...words) => (await run('ip', words)).stdout;
const inside = (space, ...words) => ip('netns', 'exec', space.name, 'ip', ...words);

let probe;
/** Why there can be none; empty: there can. */
export const cannotPart = () => (probe ??= tryOne());

async function tryOne() {
    const name = `sh-probe-${process.pid}`;
    try {
        await ip('netns', 'add', name);
        await ip('netns', 'del', name);
        return '';
    } catch (error) {
        return `no network namespaces here: ${error.message.trim().split('\n').at(-1)}`;
    }
}

/** This process, and `count` places that it and each other can reach, until they are parted. */
export class Namespaces {
    static #sets = 0;
    spaces = [];
    #set = Namespaces.#sets++;
    #bridge = `sh${this.#set}b${process.pid}`;
    #net = `10.${200 + this.#set}.${process.pid % 250}`;

    static async make(count) {
        const made = new Namespaces();
        try {
            await ip('link', 'add', made.#bridge, 'type', 'bridge');
            await ip('address', 'add', `${made.#net}.254/24`, 'dev', made.#bridge);
            await ip('link', 'set', made.#bridge, 'up');
            for (let index = 0; index < count; ++index) await made.#add(index);
            return made;
        } catch (error) {
            await made.remove();
            throw error;
        }
    }

    async #add(index) {
        const [name, host] = [`sh${this.#set}-${process.pid}-${index}`, `${this.#net}.${index + 1}`];
        const [here, there] = [`sh${this.#set}h${process.pid}.${index}`, `sh${this.#set}t${process.pid}.${index}`];
        const space = { name, host, here, command: ['ip', 'netns', 'exec', name] };
        await ip('netns', 'add', name);
        this.spaces.push(space);
        await ip('link', 'add', here, 'type', 'veth', 'peer', 'name', there);
        await ip('link', 'set', there, 'netns', name);
        await ip('link', 'set', here, 'master', this.#bridge, 'up');
        await inside(space, 'link', 'set', 'lo', 'up');
        await inside(space, 'link', 'set', there, 'name', 'eth0', 'up');
        await inside(space, 'address', 'add', `${host}/24`, 'dev', 'eth0');
    }

    async #each(words) {
        for (const one of this.spaces)
            for (const other of this.spaces) if (one !== other) await inside(one, 'neighbour', ...words(other));
    }

    /** The spaces from each other; this process reaches them all. */
    part() {
        return this.#each((other) => ['replace', other.host, 'lladdr', NOWHERE, 'dev', 'eth0', 'nud', 'permanent']);
    }

    heal() {
        return this.#each((other) => ['del', other.host, 'dev', 'eth0']);
    }

    /** What they say to this process vanishes, acknowledgements too; they hear it. */
    async silence() {
        for (const one of this.spaces) await inside(one, 'neighbour', 'replace', `${this.#net}.254`, 'lladdr', NOWHERE, 'dev', 'eth0', 'nud', 'permanent');
    }

    async speak() {
        for (const one of this.spaces) await inside(one, 'neighbour', 'del', `${this.#net}.254`, 'dev', 'eth0');
    }

    async remove() {
        for (const { name, here } of this.spaces) {
            await ip('link', 'del', here).catch(() => {}); // a namespace may outlive its name for a while
            await ip('netns', 'del', name).catch(() => {});
        }
        await ip('link', 'del', this.#bridge).catch(() => {});
    }
}
