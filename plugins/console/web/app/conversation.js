/**
 * What is said in one conversation, in order, merged from four sources that overlap and come at different times:
 * the session's stream, the runs that are followed, what this page has just sent, and the history. Knows no DOM.
 *
 * @typedef {import('/client/index.js').Run} Run
 * @typedef {{key: string, type: 'question', source: Source, id?: string, run?: string, content: string,
 *            state: 'waiting' | 'sent' | 'failed', error?: string}} Question
 * @typedef {{key: string, type: 'answer', source: Source, id: string, run: Run | null,
 *            kept: {content: string, outcome?: string} | null}} Answer `kept`: what the history holds of it
 * @typedef {Question | Answer} Item
 * @typedef {'history' | 'session' | 'local'} Source
 */
export class Conversation {
    /** @type {Item[]} */
    items = [];

    /** @returns {Run[]} answers that are being produced */
    get running() {
        const runs = this.items.flatMap((item) => (item.type === 'answer' && item.run ? [item.run] : []));
        return runs.filter((run) => run.state === 'pending' || run.state === 'active');
    }

    /** @returns {string} the first words that were said */
    get title() {
        const first = this.items.find((item) => item.type === 'question');
        return first?.type === 'question' ? firstLine(first.content) : '';
    }

    // ---- this page ------------------------------------------------------------------------------------------

    /**
     * @param {string} key
     * @param {string} content
     */
    sending(key, content) {
        const known = this.items.find((item) => item.key === key);
        if (known?.type === 'question') known.state = 'waiting';
        else this.items.push({ key, type: 'question', source: 'local', content, state: 'waiting' });
    }

    /**
     * @param {string} key
     * @param {string} run
     */
    accepted(key, run) {
        const at = this.items.findIndex((item) => item.key === key);
        const item = this.items[at];
        if (item?.type !== 'question') return;
        const twin = this.items.some((other) => other !== item && other.type === 'question' && other.run === run);
        if (twin) this.items.splice(at, 1); // the session's stream was quicker
        item.state = 'sent';
        item.run = run;
        this.#answerBelowQuestion(run);
    }

    /**
     * @param {string} key
     * @param {string} error
     */
    failed(key, error) {
        const item = this.items.find((candidate) => candidate.key === key);
        if (item?.type === 'question') Object.assign(item, { state: 'failed', error });
    }

    /** @param {string} key */
    remove(key) {
        this.items = this.items.filter((item) => item.key !== key);
    }

    // ---- the server -----------------------------------------------------------------------------------------

    /** @param {Run} run */
    run(run) {
        this.#answer(run.id, 'local').run = run;
        this.#answerBelowQuestion(run.id);
    }

    /** @param {any} entry of the session's stream */
    entry(entry) {
        if (entry?.kind === 'message') this.#message(entry, 'session');
        if (entry?.kind === 'run' && typeof entry.run === 'string') this.#answer(entry.run, 'session').source = 'session';
    }

    /** @param {any[]} entries replace everything that the session has said before */
    snapshot(entries) {
        const before = this.items;
        const earlier = before.filter((item) => item.source === 'history');
        const local = before.filter((item) => item.source === 'local');
        const runs = new Map(before.flatMap((item) => (item.type === 'answer' ? [[item.id, item]] : [])));
        this.items = earlier;
        for (const entry of entries) {
            const old = entry?.kind === 'run' ? runs.get(entry.run) : undefined;
            if (old && !this.items.includes(old)) this.items.push(old);
            this.entry(entry);
        }
        const rest = local.filter((item) => !this.items.includes(item));
        for (const item of rest) if (!this.#confirms(item)) this.items.push(item);
    }

    /** @param {any[]} messages of the history: they come before what the session still holds */
    history(messages) {
        const current = this.items;
        this.items = [];
        for (const message of [...messages].sort((a, b) => Number(a.ts ?? 0) - Number(b.ts ?? 0))) {
            if (!current.some((item) => says(item, message))) this.#message(message, 'history');
        }
        this.items.push(...current);
        for (const message of messages) this.#keep(message);
    }

    // ---- small parts ----------------------------------------------------------------------------------------

    /**
     * @param {any} message
     * @param {Source} source
     */
    #message(message, source) {
        const { id, role, content, run } = message;
        if (role !== 'user') {
            this.#answer(run ?? id, source);
            return this.#keep(message);
        }
        const known = this.items.find((item) => item.type === 'question' && says(item, message));
        const own = known ?? this.items.find((item) => item.type === 'question' && awaits(item, message));
        const facts = { source, id, state: /** @type {const} */ ('sent'), ...(run ? { run } : {}) };
        if (own) Object.assign(own, facts);
        else this.items.push({ key: `m:${id}`, type: 'question', content: String(content ?? ''), ...facts });
        if (run) this.#answerBelowQuestion(run);
    }

    /** @param {any} message what the history holds of an answer */
    #keep({ id, role, content, run, outcome }) {
        const item = this.items.find((candidate) => candidate.type === 'answer' && candidate.id === (run ?? id));
        if (role !== 'user' && item?.type === 'answer') item.kept = { content: String(content ?? ''), outcome };
    }

    /**
     * @param {string} id
     * @param {Source} source
     * @returns {Answer}
     */
    #answer(id, source) {
        const known = this.items.find((item) => item.type === 'answer' && item.id === id);
        if (known?.type === 'answer') return known;
        /** @type {Answer} */
        const answer = { key: `r:${id}`, type: 'answer', source, id, run: null, kept: null };
        this.items.push(answer);
        return answer;
    }

    /** @param {string} run two messages sent in a row must not push their answers apart */
    #answerBelowQuestion(run) {
        const answer = this.items.find((item) => item.type === 'answer' && item.id === run);
        if (!answer) return;
        const rest = this.items.filter((item) => item !== answer);
        const question = rest.findLastIndex((item) => item.type === 'question' && item.run === run);
        if (question >= 0) this.items = rest.toSpliced(question + 1, 0, answer);
    }

    /** @param {Item} local whether the session holds the same by another name */
    #confirms(local) {
        return this.items.some((item) => {
            if (local.type === 'answer') return item.type === 'answer' && item.id === local.id;
            return item.type === 'question' && local.run !== undefined && item.run === local.run;
        });
    }
}

/**
 * @param {Item} item
 * @param {any} message
 */
function says(item, { id, role, run }) {
    if (item.type === 'answer') return role !== 'user' && item.id === (run ?? id);
    return role === 'user' && ((id !== undefined && item.id === id) || (run !== undefined && item.run === run));
}

/**
 * A message of the session that names no run can still be the one that this page waits for.
 *
 * @param {Item} item
 * @param {any} message
 */
function awaits(item, { content, run }) {
    const waiting = item.type === 'question' && item.source === 'local' && item.id === undefined;
    return waiting && item.content === content && (item.run === undefined || run === undefined);
}

/** @param {string} text */
export function firstLine(text) {
    const line = text.trim().split('\n', 1)[0] ?? '';
    return line.length > 60 ? `${line.slice(0, 57).trimEnd()}…` : line;
}
