import { allow, h, part, say } from './dom.js';
import { counted, duration, number, text } from './format.js';
import { Table } from './table.js';

/**
 * Who is connected, over all nodes, and closing what should not be.
 *
 * @typedef {{session: string, user: string, node: string, connections: number, since: number}} Session
 */

/** Asked for each time; a page of more rows helps nobody. */
const SHOWN = 200;

export class Sessions {
    #means;
    #table;
    #user = '';
    #now = Date.now();

    /** @param {import('./plugins.js').Means} means */
    constructor(means) {
        this.#means = means;
        this.#table = new Table('Sessions', (/** @type {Session} */ one) => `${one.session} ${one.node}`, this.#columns(), 'Nobody is connected.');
        part('session-list').append(this.#table.element);
        part('session-search').addEventListener('submit', (event) => {
            event.preventDefault();
            this.#user = /** @type {HTMLInputElement} */ (part('session-user')).value.trim();
            means.changed();
        });
    }

    get path() {
        return `/admin/v1/sessions?limit=${SHOWN}${this.#user === '' ? '' : `&user=${encodeURIComponent(this.#user)}`}`;
    }

    /**
     * @param {{total: number, sessions: Session[]}} answer
     * @param {number} now since 1970
     */
    show({ total, sessions }, now) {
        this.#now = now;
        const whose = this.#user === '' ? '' : ` of ${this.#user}`;
        const rest = sessions.length === SHOWN ? ` No more than ${SHOWN} are shown: search by user for others.` : '';
        say(part('session-count'), `${counted(sessions.length, 'entry', 'entries')}${whose}, one per session and node; ${number(total)} of all users.${rest}`);
        this.#table.show(sessions);
    }

    /** @returns {import('./table.js').Column<Session>[]} */
    #columns() {
        return [
            { label: 'Session', text: ({ session }) => session },
            { label: 'User', text: ({ user }) => text(user) },
            { label: 'Node', text: ({ node }) => text(node) },
            { label: 'Connections', text: ({ connections }) => number(connections) },
            { label: 'For', text: ({ since }) => duration(this.#now - since) },
            { label: 'Close', make: () => h('button', { class: 'button small', type: 'button' }, 'Kick'), update: (button, one) => this.#bind(button, one) },
        ];
    }

    /**
     * @param {HTMLButtonElement} button
     * @param {Session} one
     */
    #bind(button, { session, user }) {
        button.onclick = () => this.#kick(session, user);
        button.setAttribute('aria-label', `Kick ${session}`);
        allow(button, this.#means.refusal('change'));
    }

    /**
     * @param {string} session
     * @param {string} user
     */
    #kick(session, user) {
        const refusal = this.#means.refusal('change');
        if (refusal) return this.#means.say(refusal);
        this.#means.question.ask({
            title: `Kick ${session}?`,
            text: `All connections of this session of ${user} are closed, on every node. The client is told not to come back by itself; who has a token may.`,
            yes: 'Kick',
            act: async () => {
                const path = `/admin/v1/sessions/${encodeURIComponent(session)}/kick`;
                const { closed, unanswered } = await this.#means.api.json(path, { method: 'POST' });
                this.#means.changed();
                const silent = Array.isArray(unanswered) && unanswered.length > 0 ? ` No answer from ${unanswered.join(', ')}.` : '';
                return `${counted(Number(closed), 'connection')} of ${session} closed.${silent}`;
            },
        });
    }
}
