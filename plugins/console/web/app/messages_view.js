import { TextView } from './text_view.js';

/**
 * The list of messages. An element is made once per message and then only told what changed.
 *
 * @typedef {import('./conversation.js').Item} Item
 * @typedef {import('./conversation.js').Question} Question
 * @typedef {import('./conversation.js').Answer} Answer
 * @typedef {{retry: (item: Question) => void, changed: () => void, spoken: (id: string, delta: string | null) => void}} Handlers
 */
export class MessagesView {
    #list;
    #handlers;
    /** @type {Map<string, QuestionView | AnswerView>} */
    #views = new Map();

    /**
     * @param {HTMLElement} list
     * @param {Handlers} handlers
     */
    constructor(list, handlers) {
        this.#list = list;
        this.#handlers = handlers;
    }

    clear() {
        for (const view of this.#views.values()) view.stop();
        this.#views.clear();
        this.#list.replaceChildren();
    }

    /** @param {Item[]} items */
    show(items) {
        const keys = new Set(items.map(({ key }) => key));
        for (const [key, view] of this.#views) if (!keys.has(key)) this.#drop(key, view);
        items.forEach((item, index) => {
            const view = this.#view(item);
            view.show(/** @type {any} */ (item));
            const there = this.#list.children[index];
            if (there !== view.element) this.#list.insertBefore(view.element, there ?? null);
        });
    }

    /**
     * @param {string} key
     * @param {QuestionView | AnswerView} view
     */
    #drop(key, view) {
        view.stop();
        view.element.remove();
        this.#views.delete(key);
    }

    /** @param {Item} item */
    #view(item) {
        const known = this.#views.get(item.key);
        if (known) return known;
        const view = item.type === 'question' ? new QuestionView(this.#handlers) : new AnswerView(this.#handlers);
        this.#views.set(item.key, view);
        return view;
    }
}

class QuestionView {
    element = make('li', 'question');
    #body = make('div', 'body');
    #meta = make('div', 'meta');
    #handlers;
    #state = '';

    /** @param {Handlers} handlers */
    constructor(handlers) {
        this.#handlers = handlers;
        this.element.append(hidden('You said: '), this.#body, this.#meta);
    }

    stop() {}

    /** @param {Question} item */
    show(item) {
        if (this.#body.textContent !== item.content) this.#body.textContent = item.content;
        if (this.#state === item.state) return;
        this.#state = item.state;
        this.element.classList.toggle('waiting', item.state !== 'sent');
        if (item.state === 'sent') this.#meta.replaceChildren();
        if (item.state === 'waiting') this.#meta.replaceChildren(make('span', '', 'Not sent yet'));
        if (item.state === 'failed') this.#showFailure(item);
    }

    /** @param {Question} item */
    #showFailure(item) {
        const retry = textButton('Send again', () => this.#handlers.retry(item));
        this.#meta.replaceChildren(make('span', 'failed', `Not sent: ${item.error}`), retry);
    }
}

class AnswerView {
    element = make('li', 'answer');
    #body = make('div', 'body');
    #meta = make('div', 'meta');
    #text = new TextView(this.#body);
    #handlers;
    /** @type {import('/client/index.js').Run | null} */
    #run = null;
    #stopped = false;
    /** Arrived, but not painted yet. @type {import('/client/index.js').StreamEvent[]} */
    #waiting = [];
    #kept = false;

    /** @param {Handlers} handlers */
    constructor(handlers) {
        this.#handlers = handlers;
        this.element.append(hidden('Answer: '), this.#body, this.#meta);
    }

    stop() {
        this.#stopped = true;
    }

    /** @param {Answer} item */
    show({ run, kept, id }) {
        this.element.dataset.run = id;
        if (run && !this.#run) {
            this.#run = run;
            this.#read(run);
        }
        const whole = run && !run.incomplete && run.state !== 'failed';
        if (kept && !whole) this.#showKept(kept);
        this.#showState();
    }

    /** @param {import('/client/index.js').Run} run */
    async #read(run) {
        try {
            for await (const event of run) {
                if (this.#stopped) return;
                if (this.#waiting.push(event) === 1) beforePaint(() => this.#paint());
            }
        } catch {
            // The reason is in run.failure.
        }
        if (!this.#stopped) beforePaint(() => this.#paint());
    }

    /** Everything that came since the last picture, at once. */
    #paint() {
        const events = this.#waiting;
        this.#waiting = [];
        if (!this.#kept) for (const event of events) this.#take(event);
        for (const event of events) this.#speak(event);
        this.#showState();
        this.#handlers.changed();
    }

    /** @param {import('/client/index.js').StreamEvent} event */
    #take(event) {
        if (event.type === 'text') this.#text.append(event.delta);
        if (event.type === 'part') this.#text.insert(part(event.part));
        if (event.type === 'gap') this.#text.insert(make('span', 'part', 'Part of this answer is no longer kept.'));
        if (event.type === 'snapshot') this.#retell(event.entries);
    }

    /** @param {any[]} entries */
    #retell(entries) {
        this.#text.clear();
        for (const entry of entries) {
            if (entry?.kind === 'text') this.#text.append(String(entry.delta));
            else this.#text.insert(part(entry));
        }
    }

    /** @param {import('/client/index.js').StreamEvent} event */
    #speak(event) {
        if (event.type === 'text') this.#handlers.spoken(this.#run?.id ?? '', event.delta);
        if (event.type === 'end') this.#handlers.spoken(this.#run?.id ?? '', null);
    }

    /** @param {{content: string, outcome?: string}} kept */
    #showKept({ content }) {
        if (this.#kept) return;
        this.#kept = true;
        this.#text.clear();
        this.#text.append(content);
    }

    #showState() {
        const run = this.#run;
        // Between the end that arrived and the picture that shows it, the text is not whole yet.
        const state = !run || this.#kept ? 'ended' : this.#waiting.length > 0 ? 'active' : run.state;
        if (this.element.dataset.state === state) return;
        this.element.dataset.state = state;
        this.element.setAttribute('aria-busy', String(state === 'pending' || state === 'active'));
        const done = state === 'ended' || state === 'failed';
        this.#meta.replaceChildren(...(done ? [...this.#verdict(), this.#copyButton()] : []));
    }

    /** @returns {Node[]} */
    #verdict() {
        const run = this.#run;
        if (!run || this.#kept) return [];
        if (run.failure) return [make('span', 'failed', run.failure.message)];
        const { outcome, error } = run.end ?? {};
        if (outcome === 'cancelled') return [make('span', '', 'Stopped')];
        if (outcome === 'lost') return [make('span', 'failed', 'The worker was lost; the answer ends here')];
        if (outcome === 'error') return [make('span', 'failed', error?.message ?? 'The provider failed')];
        return run.incomplete ? [make('span', '', 'No longer kept in full')] : [];
    }

    #copyButton() {
        const button = textButton('Copy', async () => {
            await navigator.clipboard.writeText(this.#body.textContent ?? '');
            button.textContent = 'Copied';
        });
        button.addEventListener('blur', () => (button.textContent = 'Copy'));
        return button;
    }
}

/** @param {() => void} paint once per picture; a page in the background gets none, so it takes a timer */
function beforePaint(paint) {
    if (document.hidden) setTimeout(paint, 200);
    else requestAnimationFrame(paint);
}

/** @param {any} data */
function part(data) {
    return make('span', 'part', JSON.stringify(data));
}

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {string} [className]
 * @param {string} [text]
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(tag, className, text) {
    const element = document.createElement(tag);
    if (className) element.className = className;
    if (text !== undefined) element.textContent = text;
    return element;
}

/** @param {string} text for those who cannot see the layout */
function hidden(text) {
    return make('span', 'hidden', text);
}

/**
 * @param {string} label
 * @param {() => void} press
 */
function textButton(label, press) {
    const button = make('button', 'text-button', label);
    button.type = 'button';
    button.addEventListener('click', press);
    return button;
}
