import { connect, createServer } from 'node:net';

/**
 * A network between the browser and the host that does what it is told: cut every connection, refuse new ones or
 * only those that become WebSockets, or keep them open and pass nothing on.
 */
export async function startProxy(port) {
    const proxy = new Proxy(port);
    await proxy.listen();
    return proxy;
}

class Proxy {
    #port;
    #pairs = new Set();
    #down = false;
    #frozen = false;
    #withoutSockets = false;
    #server = createServer((socket) => this.#accept(socket));

    constructor(port) {
        this.#port = port;
    }

    async listen() {
        await new Promise((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
        this.origin = `http://127.0.0.1:${this.#server.address().port}`;
    }

    /** Connections open now. */
    get connections() {
        return this.#pairs.size;
    }

    /** Cuts what is open and refuses what comes, until `restore`. */
    cut() {
        this.#down = true;
        this.#cutAll();
    }

    /** Cuts what is open; new connections pass. */
    blink() {
        this.#cutAll();
    }

    /** Pages still load, WebSockets do not open, until `restore`. */
    refuseSockets() {
        this.#withoutSockets = true;
        this.#cutAll();
    }

    /** Nothing passes, nothing is closed: a laptop that left the building. */
    freeze() {
        this.#frozen = true;
        for (const pair of this.#pairs) for (const socket of pair) socket.pause();
    }

    restore() {
        this.#down = false;
        this.#frozen = false;
        this.#withoutSockets = false;
        // What was frozen is long gone on the other side of a real network.
        this.#cutAll();
    }

    async close() {
        this.#cutAll();
        await new Promise((resolve) => this.#server.close(resolve));
    }

    #cutAll() {
        for (const pair of this.#pairs) for (const socket of pair) socket.resetAndDestroy();
        this.#pairs.clear();
    }

    #accept(near) {
        if (this.#down) return near.resetAndDestroy();
        const far = connect(this.#port, '127.0.0.1');
        const pair = [near, far];
        this.#pairs.add(pair);
        const end = () => {
            this.#pairs.delete(pair);
            for (const socket of pair) socket.destroy();
        };
        for (const socket of pair) socket.on('error', end).on('close', end);
        near.once('data', (head) => {
            if (this.#withoutSockets && /^upgrade: websocket/im.test(head.toString('latin1'))) return near.resetAndDestroy();
            far.write(head);
            near.pipe(far);
            far.pipe(near);
            if (this.#frozen) for (const socket of pair) socket.pause();
        });
    }
}
