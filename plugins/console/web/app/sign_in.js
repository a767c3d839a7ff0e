/**
 * Asks for a token where the server wants one. Of both pages, which have their own words around it.
 *
 * @typedef {{section: HTMLElement, form: HTMLElement, field: HTMLInputElement, problem: HTMLElement}} Parts
 */
export class SignIn {
    #parts;

    /**
     * @param {Parts} parts
     * @param {(token: string) => boolean} taken false: that is no token
     */
    constructor(parts, taken) {
        this.#parts = parts;
        parts.form.addEventListener('submit', (event) => {
            event.preventDefault();
            const isToken = taken(parts.field.value);
            this.#tell(isToken ? '' : 'That is no token: it consists of letters, digits and . _ ~ + / - =');
            if (isToken) parts.field.value = '';
        });
    }

    /** @param {string} why empty: nothing went wrong yet */
    show(why) {
        const { section, field } = this.#parts;
        const isNew = section.hidden;
        section.hidden = false;
        this.#tell(why);
        if (isNew || why !== '') field.focus();
    }

    hide() {
        this.#parts.section.hidden = true;
    }

    /** @param {string} why */
    #tell(why) {
        const { field, problem } = this.#parts;
        if (problem.textContent !== why) problem.textContent = why;
        problem.hidden = why === '';
        field.setAttribute('aria-invalid', String(why !== ''));
    }
}
