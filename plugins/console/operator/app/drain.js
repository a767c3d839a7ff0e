import { allow, h, part, say } from './dom.js';
import { counted, duration, number } from './format.js';

/**
 * Sending the clients of this node away, and how far that is. It cannot be taken back.
 *
 * @typedef {{state: string, exit: boolean, elapsed_ms: number, clients_ms: number, websockets: number, websockets_at_start: number,
 *            runs: number | null}} Progress
 */

/** @type {Record<string, string>} */
const WORDS = {
    serving: 'This node serves. Draining turns new clients away at once and tells those that are here, a few at a time, to go to another node.',
    waiting: 'New clients are turned away; balancers are given the time to notice.',
    sending_away: 'Clients are being sent to other nodes.',
    drained: 'No client is left. The node goes on answering here, and can be ended.',
    ending: 'No client is left. The process ends.',
};

export class Drain {
    #means;
    #box = part('drain');
    #text = h('p', { class: 'about' });
    #bar = h('progress', { 'aria-label': 'Clients sent away' });
    #count = h('p', { class: 'about' });
    #leave = h('button', { class: 'button', type: 'button', onclick: () => this.#order(false) }, 'Drain');
    #end = h('button', { class: 'button danger', type: 'button', onclick: () => this.#order(true) }, 'Drain and end');

    /** @param {import('./plugins.js').Means} means */
    constructor(means) {
        this.#means = means;
        const buttons = h('p', { class: 'buttons' }, this.#leave, this.#end);
        this.#box.append(h('h3', {}, 'Drain'), this.#text, this.#bar, this.#count, buttons);
        this.#box.hidden = true;
    }

    /** @param {Progress} progress */
    show(progress) {
        const isServing = progress.state === 'serving';
        this.#box.hidden = false;
        say(this.#text, WORDS[progress.state] ?? progress.state);
        this.#bar.hidden = isServing;
        this.#count.hidden = isServing;
        this.#bar.max = Math.max(1, progress.websockets_at_start);
        this.#bar.value = Math.max(0, progress.websockets_at_start - progress.websockets);
        say(this.#count, countOf(progress));
        this.#leave.hidden = !isServing;
        this.#end.hidden = progress.exit;
        say(this.#end, isServing ? 'Drain and end' : 'End it afterwards');
        for (const button of [this.#leave, this.#end]) allow(button, this.#means.refusal('change'));
    }

    /** @param {boolean} exit */
    #order(exit) {
        const refusal = this.#means.refusal('change');
        if (refusal) return this.#means.say(refusal);
        this.#means.question.ask({
            title: exit ? 'Drain this node and end it?' : 'Drain this node?',
            text: `Clients reconnect to other nodes and lose nothing. ${exit ? 'Then the process ends.' : 'The node takes no clients until it is started anew.'} It cannot be taken back.`,
            yes: exit ? 'Drain and end' : 'Drain',
            act: async () => {
                await this.#means.api.json('/admin/v1/drain', { method: 'POST', body: exit ? { exit } : {} });
                this.#means.changed();
                return 'The node is being drained.';
            },
        });
    }
}

/** @param {Progress} progress */
function countOf({ state, websockets, websockets_at_start: atStart, clients_ms: left, runs }) {
    const gone = Math.max(0, atStart - websockets);
    const parts = [`${number(gone)} of ${counted(atStart, 'client')} gone, ${number(websockets)} here.`];
    if (state !== 'drained' && state !== 'ending') parts.push(`The last is asked to leave in ${duration(left)}.`);
    if (typeof runs === 'number') parts.push(`${counted(runs, 'answer')} still produced here.`);
    return parts.join(' ');
}
