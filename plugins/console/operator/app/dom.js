/**
 * Elements without markup: text that came from a node is only ever text.
 *
 * @typedef {string | Node | null | undefined} Child
 */

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string | boolean | ((event: Event) => void)>} [properties] `on…` are listeners, the rest attributes
 * @param {Child[]} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, properties = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(properties)) {
        if (typeof value === 'function') element.addEventListener(name.slice(2), value);
        else if (typeof value === 'boolean') element.toggleAttribute(name, value);
        else element.setAttribute(name, value);
    }
    element.append(...children.filter((child) => child !== null && child !== undefined));
    return element;
}

/**
 * @param {string} tag
 * @param {Record<string, string>} attributes
 * @param {Node[]} children
 */
export function svg(tag, attributes, ...children) {
    const element = document.createElementNS('http://www.w3.org/2000/svg', tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
}

/**
 * Leaves what is already so: a screen reader is not told again, and a selection stays.
 *
 * @param {Element} element
 * @param {string} text
 */
export function say(element, text) {
    if (element.textContent !== text) element.textContent = text;
}

/** @param {string} id */
export function part(id) {
    return /** @type {HTMLElement} */ (document.getElementById(id));
}

/**
 * A button that says why when it may not be pressed. It stays reachable by keyboard, so that the reason can be read.
 *
 * @param {HTMLButtonElement} button
 * @param {string | null} reason null: it may
 */
export function allow(button, reason) {
    if (reason === null) button.removeAttribute('aria-disabled');
    else button.setAttribute('aria-disabled', 'true');
    if (reason === null) button.removeAttribute('title');
    else button.title = reason;
}
