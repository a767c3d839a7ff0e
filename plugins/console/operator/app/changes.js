import { allow, h, part, say } from './dom.js';
import { clock, counted, number } from './format.js';
import { Table } from './table.js';

/**
 * What the files would change in the running node, and having it take them, all or nothing.
 *
 * @typedef {{path: string, kind: string, before?: unknown, after?: unknown, effect: string, where?: string}} Change
 * @typedef {{plugin: string, because: string}} Step
 * @typedef {{restarts?: string[], starts?: string[], stops?: string[], also_stop?: Step[], degrade?: Step[], node?: string[],
 *            disconnects?: string[], clients?: number}} Effect
 * @typedef {{generation: number, valid: boolean, changes?: Change[], complaints?: {where?: string, path?: string, problem: string}[],
 *            effect?: Effect, state?: string, reason?: string}} Diff
 * @typedef {{generation?: number, matches_files?: boolean, can_roll_back?: boolean, waiting?: Change[],
 *            last?: {state: string, by: string, at_ms: number, reason?: string}}} Book
 */

/** @type {Record<string, string>} */
const EFFECTS = {
    at_once: 'at once',
    restarts_plugin: 'with another instance of the plugin',
    switches_plugin: 'switches the plugin',
    restarts_node: 'at the next start of the node',
    nothing: 'none: its plugin does not run',
};

export class Changes {
    #means;
    #box = part('configuration-change');
    #state = h('p', { class: 'about' });
    #complaints = h('ul', { class: 'reasons', 'aria-label': 'Mistakes' });
    #summary = h('p', { class: 'about' });
    #table = new Table('Changes', (/** @type {Change} */ { path }) => path, columns(), 'The files say what is in force.');
    #look = this.#button('Look at the files', () => this.#compare());
    #apply = this.#button('Apply', () => this.#ask(false));
    #restart = this.#button('Apply and restart plugins', () => this.#ask(true));
    #back = this.#button('Go back', () => this.#askBack());
    #generation = 0;
    /** @type {Effect} */
    #effect = {};

    /** @param {import('./plugins.js').Means} means */
    constructor(means) {
        this.#means = means;
        const buttons = h('p', { class: 'buttons' }, this.#look, this.#apply, this.#restart, this.#back);
        this.#box.append(this.#state, this.#complaints, this.#summary, this.#table.element, buttons);
        this.#forget();
        this.#box.hidden = true;
    }

    /**
     * @param {string} label
     * @param {() => void} act
     */
    #button(label, act) {
        return h('button', { class: 'button', type: 'button', onclick: act }, label);
    }

    /** @param {Book} book of `/admin/v1/config`; without a generation the node cannot be asked for changes */
    show({ generation, matches_files: matches, can_roll_back: canGoBack, last }) {
        if (generation === undefined) return;
        if (generation !== this.#generation) this.#forget();
        this.#generation = generation;
        const how = last ? ` ${last.state} by ${last.by} at ${clock(last.at_ms)}${last.reason ? `: ${last.reason}` : ''}.` : '';
        say(this.#state, `Generation ${number(generation)}:${how}${matches === false ? ' The files say something else, and count at the next start.' : ''}`);
        this.#back.hidden = canGoBack !== true;
        for (const button of [this.#apply, this.#restart, this.#back]) allow(button, this.#means.refusal('change'));
        this.#box.hidden = false;
    }

    #forget() {
        for (const part of [this.#complaints, this.#summary, this.#table.element, this.#apply, this.#restart]) part.hidden = true;
    }

    async #compare() {
        try {
            this.#showDiff(await this.#means.api.json('/admin/v1/config/diff'));
        } catch (error) {
            this.#means.say(error instanceof Error ? error.message : String(error));
        }
    }

    /** @param {Diff} diff */
    #showDiff({ generation, valid, changes = [], complaints = [], effect = {} }) {
        this.#generation = generation;
        this.#effect = effect;
        this.#complaints.replaceChildren(...complaints.map((one) => h('li', {}, complaintOf(one))));
        this.#complaints.hidden = valid;
        this.#table.show(changes);
        this.#table.element.hidden = !valid;
        say(this.#summary, summaryOf(effect));
        this.#summary.hidden = !valid || changes.length === 0;
        this.#apply.hidden = !valid || changes.length === 0;
        this.#restart.hidden = this.#apply.hidden || (effect.restarts ?? []).length === 0;
    }

    /** @param {boolean} restarts */
    #ask(restarts) {
        this.#order('/admin/v1/config', { restart_plugins: restarts, if_generation: this.#generation }, {
            title: restarts ? 'Apply the files and restart plugins?' : 'Apply the files?',
            text: 'All of it, or nothing when anything is wrong. The node goes back by itself when a plugin does not run with it.',
            plan: summaryOf(this.#effect),
            yes: 'Apply',
        });
    }

    #askBack() {
        this.#order('/admin/v1/config/rollback', { if_generation: this.#generation }, {
            title: 'Go back to the configuration before?',
            text: 'Plugins go back, too. The files stay as they are and count at the next start: mend them.',
            yes: 'Go back',
        });
    }

    /**
     * @param {string} path
     * @param {Record<string, unknown>} body
     * @param {{title: string, text: string, plan?: string, yes: string}} words
     */
    #order(path, body, words) {
        const refusal = this.#means.refusal('change');
        if (refusal) return this.#means.say(refusal);
        this.#means.question.ask({
            ...words,
            act: async () => {
                const { state, reason, generation, complaints = [] } = await this.#means.api.json(path, { method: 'POST', body, alsoGood: 422 });
                if (state === 'refused') throw new Error([reason ?? 'Refused.', ...complaints.map(complaintOf)].join(' '));
                this.#forget();
                this.#means.changed();
                return `Generation ${number(generation)}: ${state}.`;
            },
        });
    }
}

/** @param {{where?: string, path?: string, problem: string}} complaint */
function complaintOf({ where, path, problem }) {
    return [where, path, problem].filter((word) => word).join(': ');
}

/** @param {Effect} effect of all changes together */
export function summaryOf({ restarts = [], starts = [], stops = [], also_stop = [], degrade = [], node = [], disconnects = [], clients = 0 }) {
    const parts = [];
    const list = (/** @type {string} */ words, /** @type {string[]} */ names) => names.length > 0 && parts.push(`${words} ${names.join(', ')}.`);
    const steps = (/** @type {Step[]} */ others) => others.map(({ plugin, because }) => `${plugin} (${because})`);
    list('Starts', starts);
    list('Stops', stops);
    list('Stop as well:', steps(also_stop));
    list('Have to do without something:', steps(degrade));
    list('Need another instance, unless they take it as they run:', restarts);
    list('Wait for the next start of the node:', node);
    if (disconnects.length > 0) parts.push(`${counted(clients, 'client')} of this node may have to reconnect (${disconnects.join(', ')}).`);
    return parts.length === 0 ? 'Holds at once, and disconnects nobody.' : parts.join(' ');
}

/** @param {unknown} value */
function shown(value) {
    return value === null || value === undefined ? '–' : JSON.stringify(value);
}

/** @returns {import('./table.js').Column<Change>[]} */
function columns() {
    return [
        { label: 'Key', text: ({ path }) => path },
        { label: 'In force', text: ({ before }) => shown(before) },
        { label: 'In the files', text: ({ after }) => shown(after) },
        { label: 'Takes effect', text: ({ effect }) => EFFECTS[effect] ?? effect },
        { label: 'Where', text: ({ where }) => where || '–' },
    ];
}
