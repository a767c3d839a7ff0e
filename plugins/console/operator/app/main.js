import { SignIn } from '/console/app/sign_in.js';
import { TokenKeeper } from '/console/app/token.js';
import { Api, ApiError } from './api.js';
import { Changes } from './changes.js';
import { Configuration } from './configuration.js';
import { part, say } from './dom.js';
import { Drain } from './drain.js';
import { Followed } from './followed.js';
import { Frame } from './frame.js';
import { Metrics, Rates } from './metrics.js';
import { Nodes } from './nodes.js';
import { Overview } from './overview.js';
import { Plugins } from './plugins.js';
import { Poller } from './poller.js';
import { Question } from './question.js';
import { Sessions } from './sessions.js';
import { Streams } from './streams.js';

/** @typedef {{authentication: string, user: string, grants: Record<string, boolean>}} Access */

const NODE_MS = 3000;
const METRICS_MS = 5000;

const keeper = new TokenKeeper('streamhost-operator:token');
const api = new Api(() => keeper.token);
const rates = new Rates();
/** What may be done here; null: not known, or nobody is let in. @type {Access | null} */
let access = null;
/** False: the plugin health was off at the last look. The host itself tells less, and is asked at every other look. */
let hasHealth = true;
let hasDrain = true;

const frame = new Frame({ moved: () => poller.hurry(frame.section), tryNow: () => poller.hurry() });
const signIn = new SignIn(
    {
        section: part('sign-in'),
        form: part('sign-in-form'),
        field: /** @type {HTMLInputElement} */ (part('token')),
        problem: part('sign-in-problem'),
    },
    (token) => {
        if (!keeper.keep(token)) return false;
        poller.start();
        return true;
    },
);
const means = {
    api,
    question: new Question((text) => frame.say(text)),
    say: (/** @type {string} */ text) => frame.say(text),
    refusal,
    changed: () => poller.hurry(frame.section),
};
const overview = new Overview({ nodeEveryMs: NODE_MS, metricsEveryMs: METRICS_MS });
const nodes = new Nodes();
const plugins = new Plugins(means);
const sessions = new Sessions(means);
const streams = new Streams();
const followed = new Followed();
const configuration = new Configuration();
const changes = new Changes(means);
const drain = new Drain({ ...means, changed: () => poller.hurry('drain') });

const isAt = (/** @type {string[]} */ ...names) => () => access !== null && names.includes(frame.section);
const poller = new Poller(
    [
        { name: 'access', everyMs: 60_000, wanted: () => true, run: lookAtAccess },
        { name: 'node', everyMs: NODE_MS, wanted: () => access !== null, run: () => look('overview', lookAtNode) },
        { name: 'metrics', everyMs: METRICS_MS, wanted: isAt('overview', 'streams'), run: () => look('streams', lookAtMetrics) },
        { name: 'followed', everyMs: 5000, wanted: isAt('streams'), run: () => look('followed', lookAtFollowed) },
        { name: 'drain', everyMs: 5000, wanted: () => hasDrain && isAt('overview')(), run: () => look('overview', lookAtDrain) },
        { name: 'nodes', everyMs: 5000, wanted: isAt('nodes'), run: () => look('nodes', lookAtNodes) },
        { name: 'plugins', everyMs: 3000, wanted: isAt('plugins'), run: () => look('plugins', lookAtPlugins) },
        { name: 'sessions', everyMs: 5000, wanted: isAt('sessions'), run: () => look('sessions', lookAtSessions) },
        { name: 'configuration', everyMs: 10_000, wanted: isAt('configuration'), run: () => look('configuration', lookAtConfiguration) },
    ],
    (state) => frame.show(state),
);

async function lookAtAccess() {
    try {
        access = await api.json('/admin/v1/access');
        say(part('user'), access?.user ?? '');
        part('signed-in').hidden = access?.authentication !== 'required';
        signIn.hide();
        frame.open(true);
    } catch (error) {
        if (isOf(error, 'unauthenticated')) return leave(keeper.token === '' ? '' : messageOf(error));
        throw error;
    }
}

/** @param {string} why */
function leave(why) {
    keeper.forget();
    access = null;
    poller.stop();
    frame.open(false);
    frame.show({});
    signIn.show(why);
}

/**
 * What a section shows of an error, unless nobody answered at all: that is the same for all of them.
 *
 * @param {string} section
 * @param {() => Promise<void>} ask
 */
async function look(section, ask) {
    try {
        await ask();
        frame.problem(section, '');
    } catch (error) {
        if (isOf(error, 'away')) throw error;
        if (isOf(error, 'unauthenticated')) return leave(messageOf(error));
        frame.problem(section, messageOf(error));
    }
}

async function lookAtNode() {
    const report = await reportOfNode();
    frame.name(report);
    overview.showNode(report, performance.now());
}

/** @returns {Promise<any>} */
async function reportOfNode() {
    if (!hasHealth) return api.json('/admin/v1/node').finally(() => (hasHealth = true));
    try {
        return await api.json('/health', { alsoGood: 503 });
    } catch (error) {
        if (!isOf(error, 'missing')) throw error;
        hasHealth = false;
        return api.json('/admin/v1/node');
    }
}

async function lookAtMetrics() {
    const problem = part('charts-problem');
    try {
        const metrics = new Metrics(await api.text('/metrics'));
        const now = performance.now();
        overview.showMetrics(metrics, rates, now);
        streams.show(metrics, rates, now);
        problem.hidden = true;
    } catch (error) {
        if (error instanceof ApiError && error.kind !== 'away') {
            say(problem, `No metrics: ${error.message}`);
            problem.hidden = false;
        }
        throw error;
    }
}

async function lookAtDrain() {
    try {
        drain.show(await api.json('/admin/v1/drain'));
    } catch (error) {
        if (!isOf(error, 'missing')) throw error;
        hasDrain = false; // a host of a version before this call
    }
}

async function lookAtNodes() {
    nodes.show(await api.json('/admin/v1/nodes'), Date.now());
}

async function lookAtPlugins() {
    plugins.show(await api.json('/admin/v1/plugins'));
}

async function lookAtSessions() {
    sessions.show(await api.json(sessions.path), Date.now());
}

async function lookAtFollowed() {
    followed.show(await api.json(followed.path));
}

async function lookAtConfiguration() {
    const book = await api.json('/admin/v1/config');
    configuration.show(book);
    changes.show(book);
}

/** @param {string} area @returns {string | null} why it may not be done; null: it may */
function refusal(area) {
    return access?.grants[area] === true ? null : `The token does not grant admin:${area}.`;
}

/**
 * @param {unknown} error
 * @param {import('./api.js').Kind} kind
 */
function isOf(error, kind) {
    return error instanceof ApiError && error.kind === kind;
}

/** @param {unknown} error */
function messageOf(error) {
    return error instanceof Error ? error.message : String(error);
}

part('sign-out').addEventListener('click', () => leave(''));
document.addEventListener('visibilitychange', () => {
    if (document.hidden) poller.stop();
    else if (signInIsOver()) poller.start();
});

/** While a token is waited for there is nothing to ask. */
function signInIsOver() {
    return part('sign-in').hidden || keeper.token !== '';
}

poller.start();
