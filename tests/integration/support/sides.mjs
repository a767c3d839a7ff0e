// Places on loopback that can be parted where nobody may make network namespaces: an address for each, at which proxies stand in front
// of the servers. Who connects is known by the address that it comes from; once parted, what others say is swallowed, and nobody is told.
// Less than a partition in two ways, which no test here rests on: who connects is accepted before the silence begins, and after the
// heal a connection stays silent until its ends give it up.
import { Namespaces, cannotPart } from './namespaces.mjs';
import { TcpProxy } from './tcp_proxy.mjs';

const BEHIND = '127.0.0.1'; // where the servers listen themselves, at the same port

export class Sides {
    static #sets = 0;
    spaces = [];
    #proxies = [];
    #isParted = false;

    static async make(count) {
        const made = new Sides();
        const set = Sides.#sets++;
        made.spaces = Array.from({ length: count }, (_, index) => made.#place(`127.9.${set}.${index + 1}`));
        return made;
    }

    #place(host) {
        return {
            host,
            command: [],
            listens: BEHIND,
            server: { 'bind-source-addr': host, 'replica-announce-ip': host },
            sentinel: [`bind-source-addr ${host}`, `sentinel announce-ip ${host}`],
            open: (port) => this.#open(host, port),
        };
    }

    async #open(host, port) {
        const swallowsNew = (line) => this.#isParted && this.#isFromElsewhere(line, host);
        this.#proxies.push(await TcpProxy.start({ port }, { host, port, isRaw: true, swallowsNew }));
    }

    #isFromElsewhere(line, host) {
        return line.from !== host && this.spaces.some((space) => space.host === line.from);
    }

    /** The places from each other; this process and its nodes reach them all. */
    async part() {
        this.#isParted = true;
        for (const proxy of this.#proxies) proxy.swallow((line) => this.#isFromElsewhere(line, proxy.host));
    }

    async heal() {
        this.#isParted = false;
    }

    async remove() {
        await Promise.all(this.#proxies.map((proxy) => proxy.close()));
    }
}

/** The ways in which servers can be parted here, the truest one first. */
export const waysToPart = async () => ((await cannotPart()) === '' ? [Namespaces, Sides] : [Sides]);
