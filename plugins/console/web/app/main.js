import { randomId } from '/client/index.js';
import { Announcer } from './announcer.js';
import { Chat } from './chat.js';
import { ChatList } from './chat_list.js';
import { Composer } from './composer.js';
import { ConnectionView, UNAUTHENTICATED } from './connection_view.js';
import { MessagesView } from './messages_view.js';
import { SignIn } from './sign_in.js';
import { TokenKeeper } from './token.js';

/** @param {string} id */
function part(id) {
    return /** @type {HTMLElement} */ (document.getElementById(id));
}

/** Loomings, the first page of Moby-Dick (H. Melville, 1851). */
const SAMPLE = `Call me Ishmael. Some years ago, never mind how long precisely, having little or no money in my purse, and nothing particular to interest me on shore, I thought I would sail about a little and see the watery part of the world. It is a way I have of driving off the spleen and regulating the circulation.

Whenever I find myself growing grim about the mouth; whenever it is a damp, drizzly November in my soul; whenever I find myself involuntarily pausing before coffin warehouses, and bringing up the rear of every funeral I meet; and especially whenever my hypos get such an upper hand of me, that it requires a strong moral principle to prevent me from deliberately stepping into the street, and methodically knocking people’s hats off, then, I account it high time to get to sea as soon as I can.

This is my substitute for pistol and ball. With a philosophical flourish Cato throws himself upon his sword; I quietly take to the ship. There is nothing surprising in this. If they but knew it, almost all men in their degree, some time or other, cherish very nearly the same feelings towards the ocean with me.`;

const announcer = new Announcer(part('announcer'));
const chats = new ChatList(part('chat-list'), startNew);
const composer = new Composer(/** @type {HTMLFormElement} */ (part('composer')), { send, stop });
const messages = new MessagesView(part('messages'), {
    changed: showProgress,
    retry: (item) => {
        chat.conversation.remove(item.key);
        send(item.content);
    },
    spoken: (run, delta) => {
        if (!chat.isOwn(run)) return;
        if (delta === null) announcer.finish('End of the answer.');
        else announcer.feed(delta);
    },
});
const connection = new ConnectionView({
    bar: part('connection'),
    word: part('connection-text'),
    notice: part('notice'),
    text: part('notice-text'),
    action: part('notice-action'),
    act: () => (chat.state.state === 'closed' ? open(chat.session) : chat.wake()),
});

const keeper = new TokenKeeper('streamhost-console:token');
const signIn = new SignIn(
    {
        section: part('sign-in'),
        form: part('sign-in-form'),
        field: /** @type {HTMLInputElement} */ (part('token')),
        problem: part('sign-in-problem'),
    },
    (token) => {
        if (!keeper.keep(token)) return false;
        open(chat.session);
        return true;
    },
);

/** @type {Chat} */
let chat;
/** The reader is at the end and wants to stay there. */
let following = true;
/** Something changed that is not on the page yet. */
let stale = false;

/** @param {string} session */
function open(session) {
    chat?.close();
    messages.clear();
    following = true;
    chats.open(session);
    composer.open(session);
    chat = new Chat(session, { changed: showSoon, state: showState }, keeper.token);
    showState(chat.state);
    show();
}

/** @param {import('/client/index.js').StateDetail} detail */
function showState(detail) {
    const isStranger = detail.state === 'closed' && detail.code === UNAUTHENTICATED;
    if (isStranger) {
        signIn.show(keeper.token === '' ? '' : `The server does not take this token: ${detail.reason}.`);
        keeper.forget();
    } else if (detail.state === 'open' || detail.state === 'degraded') {
        signIn.hide();
    }
    const wasAsked = part('composer').hidden;
    part('composer').hidden = !part('sign-in').hidden;
    if (wasAsked && !part('composer').hidden) composer.focus();
    part('sign-out').hidden = keeper.token === '';
    connection.show(detail);
}

/** Whoever comes next to this browser finds nothing of what was said. */
function signOut() {
    keeper.forget();
    chat.close();
    chats.forget();
    try {
        sessionStorage.clear();
    } catch {
        // Then nothing was kept there either.
    }
    location.replace(location.pathname);
}

/** One snapshot reports as many changes as it has messages. */
function showSoon() {
    if (!stale) queueMicrotask(show);
    stale = true;
}

function show() {
    stale = false;
    const { conversation, session } = chat;
    messages.show(conversation.items);
    if (conversation.title) chats.name(session, conversation.title);
    const title = chats.title(session) || conversation.title;
    part('title').textContent = title || 'New chat';
    document.title = title ? `${title} · streamhost` : 'streamhost';
    const empty = conversation.items.length === 0;
    part('welcome').hidden = !empty;
    part('earlier').hidden = empty || chat.earlier === null;
    showProgress();
}

function showProgress() {
    composer.showRunning(chat.conversation.running.length > 0);
    if (following) toEnd();
    part('latest').hidden = following;
}

/** @param {string} text */
function send(text) {
    following = true;
    chat.send(text);
}

function stop() {
    chat.stop();
    announcer.say('Stopping.');
}

function toEnd() {
    scrollTo({ top: document.documentElement.scrollHeight, behavior: 'instant' });
}

/** Without a session in the address, the one where this browser was last: a second tab shows the same. */
function sessionFromAddress() {
    const valid = /^[A-Za-z0-9_-]{1,64}$/;
    const given = location.hash.slice(1);
    if (valid.test(given)) return given;
    const session = given === '' && valid.test(chats.last ?? '') ? String(chats.last) : randomId();
    history.replaceState(null, '', `#${session}`);
    return session;
}

function startNew() {
    closeSide();
    location.hash = randomId();
    composer.focus();
}

function closeSide() {
    const side = part('chats');
    if (side.matches(':popover-open')) side.hidePopover();
}

part('new-chat').addEventListener('click', startNew);
part('sign-out').addEventListener('click', signOut);
part('chat-list').addEventListener('click', (event) => {
    if (event.target instanceof Element && event.target.closest('a')) closeSide();
});
part('sample').addEventListener('click', () => composer.fill(SAMPLE));
part('earlier').addEventListener('click', () => chat.showEarlier());
part('latest').addEventListener('click', () => {
    following = true;
    showProgress();
    composer.focus();
});
addEventListener('hashchange', () => open(sessionFromAddress()));
addEventListener(
    'scroll',
    () => {
        const { scrollHeight, clientHeight, scrollTop } = document.documentElement;
        following = scrollHeight - clientHeight - scrollTop < 80;
        part('latest').hidden = following;
    },
    { passive: true },
);

open(sessionFromAddress());
if (matchMedia('(hover: hover)').matches) composer.focus();
