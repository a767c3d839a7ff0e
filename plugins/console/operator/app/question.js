import { part, say } from './dom.js';

/**
 * Asks before something is done that others would notice, does it, and stays open with the reason when it could not be done.
 *
 * @typedef {{title: string, text: string, plan?: string, yes: string, act: () => Promise<string>}} Asked
 *   `act` answers what to say when it is done
 */
export class Question {
    #dialog = /** @type {HTMLDialogElement} */ (part('question'));
    #yes = /** @type {HTMLButtonElement} */ (part('question-yes'));
    #say;
    /** @type {Asked | null} */
    #asked = null;
    #isBusy = false;

    /** @param {(text: string) => void} done says it */
    constructor(done) {
        this.#say = done;
        part('question-no').addEventListener('click', () => this.#dialog.close());
        this.#yes.addEventListener('click', () => this.#act());
        this.#dialog.addEventListener('close', () => (this.#asked = null));
    }

    /** @param {Asked} asked */
    ask(asked) {
        this.#asked = asked;
        say(part('question-title'), asked.title);
        say(part('question-text'), asked.text);
        say(part('question-plan'), asked.plan ?? '');
        part('question-plan').hidden = !asked.plan;
        part('question-problem').hidden = true;
        say(this.#yes, asked.yes);
        this.#dialog.showModal();
        part('question-no').focus();
    }

    async #act() {
        const asked = this.#asked;
        if (!asked || this.#isBusy) return;
        this.#isBusy = true;
        this.#yes.setAttribute('aria-disabled', 'true');
        try {
            const done = await asked.act();
            if (asked === this.#asked) this.#dialog.close();
            this.#say(done);
        } catch (error) {
            say(part('question-problem'), error instanceof Error ? error.message : String(error));
            part('question-problem').hidden = false;
        }
        this.#isBusy = false;
        this.#yes.removeAttribute('aria-disabled');
    }
}
