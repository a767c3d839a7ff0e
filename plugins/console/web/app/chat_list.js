import { make } from './messages_view.js';

/**
 * The conversations that this browser has taken part in: ids and first words. The conversations themselves are on
 * the server; who has the id can go on with one.
 *
 * @typedef {{id: string, title: string, at: number}} Chat
 */
const KEY = 'streamhost-console:chats';
const LAST_KEY = 'streamhost-console:last';
const MAX_CHATS = 50;

export class ChatList {
    #list;
    #left;
    #current = '';
    #shown = '';

    /**
     * @param {HTMLElement} list
     * @param {() => void} left the open conversation was removed from the list
     */
    constructor(list, left) {
        this.#list = list;
        this.#left = left;
        addEventListener('storage', () => this.#show());
    }

    /** @returns {string | null} where this browser was last */
    get last() {
        return read(LAST_KEY);
    }

    /** @param {string} id */
    open(id) {
        this.#current = id;
        write(LAST_KEY, id);
        this.#show();
    }

    /** @param {string} id */
    title(id) {
        return load().find((chat) => chat.id === id)?.title ?? '';
    }

    /**
     * A conversation keeps the name that it got first.
     *
     * @param {string} id
     * @param {string} title
     */
    name(id, title) {
        const chats = load();
        if (chats.some((chat) => chat.id === id)) return;
        save([{ id, title, at: Date.now() }, ...chats].slice(0, MAX_CHATS));
        this.#show();
    }

    /** Here, not on the server. */
    forget() {
        write(KEY, '[]');
        write(LAST_KEY, '');
    }

    #show() {
        const chats = load();
        const shown = JSON.stringify([this.#current, chats]);
        if (shown === this.#shown) return; // what has the focus must not be replaced by its like
        this.#shown = shown;
        this.#list.replaceChildren(...chats.map((chat) => this.#row(chat)));
    }

    /** @param {Chat} chat */
    #row({ id, title }) {
        const link = make('a', '', title);
        link.href = `#${id}`;
        link.title = title;
        if (id === this.#current) link.setAttribute('aria-current', 'page');
        const remove = make('button', 'icon-button');
        remove.type = 'button';
        remove.setAttribute('aria-label', `Remove “${title}” from this list`);
        remove.append(cross());
        remove.addEventListener('click', () => this.#remove(id));
        const row = make('li');
        row.append(link, remove);
        return row;
    }

    /** @param {string} id */
    #remove(id) {
        const at = load().findIndex((chat) => chat.id === id);
        save(load().filter((chat) => chat.id !== id));
        this.#show();
        if (id === this.#current) return this.#left();
        // The focus stays where the next one to remove is, not at the top of the page.
        const rows = this.#list.querySelectorAll('button');
        rows[Math.min(at, rows.length - 1)]?.focus();
    }
}

/** @returns {Chat[]} */
function load() {
    try {
        const chats = JSON.parse(read(KEY) ?? '[]');
        return Array.isArray(chats) ? chats.filter((chat) => typeof chat?.id === 'string') : [];
    } catch {
        return [];
    }
}

/** @param {Chat[]} chats */
function save(chats) {
    write(KEY, JSON.stringify(chats));
}

/** @param {string} key */
function read(key) {
    try {
        return localStorage.getItem(key);
    } catch {
        return null;
    }
}

/**
 * @param {string} key
 * @param {string} value
 */
function write(key, value) {
    try {
        localStorage.setItem(key, value);
    } catch {
        // Without storage there is no list; the conversation itself is on the server.
    }
}

function cross() {
    const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
    const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
    svg.setAttribute('viewBox', '0 0 16 16');
    svg.setAttribute('width', '14');
    svg.setAttribute('height', '14');
    svg.setAttribute('aria-hidden', 'true');
    path.setAttribute('d', 'M4 4l8 8M12 4l-8 8');
    svg.append(path);
    return svg;
}
