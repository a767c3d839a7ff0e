// A stream of server-sent events as it is on the wire: every event, comment and retry line, and how the response ended.
import { request } from 'node:http';

const DEADLINE_MS = 15_000;

export class Events {
    events = []; // {event, id, data, retry}, as they stand there
    comments = 0;
    ended = null; // 'whole' with the last chunk, 'cut' without
    status = 0;
    headers = {};
    body = ''; // of an answer that is no stream
    #rest = '';
    #answer;
    #watchers = new Set();

    /** @param {import('./host_process.mjs').HostProcess} host */
    static open(host, path, { headers = {}, ...options } = {}) {
        const stream = new Events();
        return new Promise((resolve, reject) => {
            const asked = request({ host: '127.0.0.1', port: host.port, path, headers: { Accept: 'text/event-stream', ...headers }, agent: false, ...options });
            asked.on('response', (answer) => {
                stream.#follow(answer);
                if (answer.statusCode === 200) resolve(stream);
                else stream.#until(() => stream.ended, 'the answer').then(() => resolve(stream), reject);
            });
            asked.on('error', (error) => (stream.#news(() => (stream.ended ??= 'cut')), reject(error)));
            asked.end();
        });
    }

    /** The first event, of all that came and will come, that is so. */
    event(isSo) {
        return this.#until(() => this.events.find(isSo), isSo);
    }
    /** The data of the first event of that name. */
    async data(name, isSo = () => true) {
        return JSON.parse((await this.event((each) => each.event === name && isSo(JSON.parse(each.data)))).data);
    }
    end() {
        return this.#until(() => this.ended, 'the end');
    }
    commented(count) {
        return this.#until(() => this.comments >= count, `${count} comments`);
    }
    /** The frames, as on a WebSocket. */
    get frames() {
        return this.events.filter(({ event }) => event !== undefined).map(({ data }) => JSON.parse(data));
    }
    /** What an event source would say when it comes back. */
    get lastId() {
        return this.events.findLast(({ id }) => id !== undefined)?.id;
    }
    close() {
        this.#answer.destroy();
    }
    pause() {
        this.#answer.socket.pause();
    }
    resume() {
        this.#answer.socket.resume();
    }

    #follow(answer) {
        this.#answer = answer;
        this.status = answer.statusCode;
        this.headers = answer.headers;
        answer.setEncoding('utf8');
        answer.on('data', (text) => this.#news(() => (this.status === 200 ? this.#take(text) : (this.body += text))));
        answer.on('end', () => this.#news(() => (this.ended ??= 'whole')));
        answer.on('error', () => this.#news(() => (this.ended ??= 'cut')));
    }
    #take(text) {
        this.#rest += text;
        for (let end = this.#rest.indexOf('\n\n'); end >= 0; end = this.#rest.indexOf('\n\n')) {
            this.#block(this.#rest.slice(0, end));
            this.#rest = this.#rest.slice(end + 2);
        }
    }
    #block(block) {
        const event = {};
        for (const line of block.split('\n')) {
            const [, name, value] = line.match(/^([^:]*):? ?(.*)$/);
            if (name === '') this.comments += 1;
            else event[name] = name === 'data' && event.data !== undefined ? `${event.data}\n${value}` : value;
        }
        if (Object.keys(event).length > 0) this.events.push(event);
    }
    #news(what) {
        what();
        this.#watchers.forEach((look) => look());
    }
    #until(look, what) {
        return new Promise((resolve, reject) => {
            const stop = () => (clearTimeout(late), this.#watchers.delete(again));
            const late = setTimeout(() => (stop(), reject(new Error(`not within ${DEADLINE_MS} ms: ${what}; last: ${JSON.stringify(this.events.slice(-3))}`))), DEADLINE_MS);
            const again = () => {
                const found = look();
                if (!found && !this.ended) return;
                stop();
                if (found) resolve(found);
                else reject(new Error(`${this.ended} before ${what}; last: ${JSON.stringify(this.events.slice(-3))}`));
            };
            this.#watchers.add(again);
            again();
        });
    }
}

/** One HTTP call: JSON in, JSON out. */
export async function call(host, method, path, body, headers = {}) {
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    const answer = await fetch(`http://127.0.0.1:${host.port}${path}`, { method, body: text, headers });
    const said = await answer.text();
    return { status: answer.status, headers: answer.headers, body: said === '' ? null : JSON.parse(said) };
}
