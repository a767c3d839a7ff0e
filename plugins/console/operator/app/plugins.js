import { allow, h, part, say } from './dom.js';
import { number, text } from './format.js';
import { Table } from './table.js';

/**
 * The plugins of this node, and their switches. What a switch does to others is asked of the node before, and shown.
 *
 * @typedef {{name: string, version: string, summary: string, enabled: boolean, state: string, reason: string, generation: number,
 *            faults: number, required_by?: string[], used_by?: string[]}} Plugin
 * @typedef {{api: import('./api.js').Api, question: import('./question.js').Question, say: (text: string) => void,
 *            refusal: (area: string) => string | null, changed: () => void}} Means
 */

/** What an operator should know beforehand, and no plan says. @type {Record<string, string>} */
const WARNINGS = {
    auth: 'Where clients need a token nobody is let in any more.',
    console: 'This page goes on, but it cannot be loaded again.',
    gateway: 'All clients of this node are disconnected and find it closed.',
    health: 'Probes of this node fail, and there are no metrics.',
};

export class Plugins {
    #means;
    /** @type {Map<string, Plugin>} */
    #known = new Map();
    #table;

    /** @param {Means} means */
    constructor(means) {
        this.#means = means;
        this.#table = new Table('Plugins', (/** @type {Plugin} */ { name }) => name, this.#columns(), 'This node has no plugins.');
        part('plugin-list').append(this.#table.element);
    }

    /** @param {Plugin[]} plugins */
    show(plugins) {
        this.#known = new Map(plugins.map((plugin) => [plugin.name, plugin]));
        this.#table.show(plugins);
    }

    /** @returns {import('./table.js').Column<Plugin>[]} */
    #columns() {
        return [
            { label: 'Plugin', make: () => h('span', {}, h('b'), h('small')), update: showName },
            { label: 'State', text: stateOf, tone: toneOf },
            { label: 'Used by', text: usersOf, wide: true },
            { label: 'Version', text: ({ version, generation }) => `${text(version)}${generation > 1 ? ` (library ${generation})` : ''}` },
            { label: 'Errors', text: ({ faults }) => number(faults), tone: ({ faults }) => (faults > 0 ? 'bad' : '') },
            { label: 'Why', text: ({ reason }) => text(reason), wide: true },
            { label: 'Switch', make: (name) => this.#buttons(name), update: (span, plugin) => this.#showButtons(span, plugin) },
        ];
    }

    /** @param {string} name */
    #buttons(name) {
        const button = (/** @type {() => void} */ act) => h('button', { class: 'button small', type: 'button', onclick: act });
        return h('span', { class: 'buttons' }, button(() => this.#switch(name)), button(() => this.#restart(name)));
    }

    /**
     * @param {HTMLElement} span
     * @param {Plugin} plugin
     */
    #showButtons(span, { name, enabled, state }) {
        const [toggle, restart] = /** @type {HTMLButtonElement[]} */ ([...span.children]);
        if (!toggle || !restart) return;
        say(toggle, enabled ? 'Switch off' : 'Switch on');
        say(restart, 'Restart');
        for (const button of [toggle, restart]) {
            button.setAttribute('aria-label', `${button.textContent} ${name}`);
            allow(button, this.#means.refusal('change'));
        }
        restart.hidden = state !== 'started';
    }

    /** @param {string} name */
    async #switch(name) {
        const plugin = this.#known.get(name);
        const refusal = this.#means.refusal('change');
        if (!plugin || refusal) return this.#means.say(refusal ?? '');
        const enabled = !plugin.enabled;
        try {
            const { plan } = await this.#order(name, { enabled, dry_run: true });
            const warning = enabled ? '' : (WARNINGS[name] ?? '');
            this.#means.question.ask({
                title: `${enabled ? 'Switch on' : 'Switch off'} ${name}?`,
                text: `${warning} This is what the node does:`.trim(),
                plan: String(plan),
                yes: enabled ? 'Switch on' : 'Switch off',
                act: async () => {
                    await this.#order(name, { enabled });
                    return `${name} is being switched ${enabled ? 'on' : 'off'}.`;
                },
            });
        } catch (error) {
            this.#means.say(error instanceof Error ? error.message : String(error));
        }
    }

    /** @param {string} name */
    #restart(name) {
        const refusal = this.#means.refusal('change');
        if (refusal) return this.#means.say(refusal);
        this.#means.question.ask({
            title: `Restart ${name}?`,
            text: 'A new instance takes over from the running one, with the configuration of now.',
            yes: 'Restart',
            act: async () => {
                await this.#order(name, { restart: true });
                return `${name} is being restarted.`;
            },
        });
    }

    /**
     * @param {string} name
     * @param {Record<string, boolean>} order
     */
    async #order(name, order) {
        const path = `/admin/v1/plugins/${encodeURIComponent(name)}`;
        const answer = await this.#means.api.json(path, { method: 'POST', body: order });
        if (!order.dry_run) this.#means.changed();
        return answer;
    }
}

/**
 * @param {HTMLElement} cell
 * @param {Plugin} plugin
 */
function showName(cell, { name, summary }) {
    const [first, second] = cell.children;
    if (first) say(first, name);
    if (second) say(second, summary);
}

/** @param {Plugin} plugin */
function stateOf({ enabled, state }) {
    if (state === 'started') return enabled ? 'running' : 'ending';
    return !enabled && ['loaded', 'discovered', 'stopped', 'retired'].includes(state) ? 'off' : state;
}

/** @param {Plugin} plugin */
function toneOf(plugin) {
    const state = stateOf(plugin);
    if (state === 'running') return 'good';
    if (state === 'off') return '';
    return state === 'failed' || plugin.enabled === false ? 'bad' : 'busy';
}

/** @param {Plugin} plugin */
function usersOf({ required_by: needed = [], used_by: used = [] }) {
    const parts = [...needed, ...used.map((name) => `${name} (goes on without)`)];
    return parts.length === 0 ? '–' : parts.join(', ');
}
