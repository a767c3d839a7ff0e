export { Client, connect } from './client.js';
export { formatPosition, parsePosition } from './core/position.js';
export { StreamhostError } from './errors.js';
export { randomId } from './ids.js';
export { Producer } from './producer.js';
export { Run } from './run.js';
export { MemoryStorage } from './storage.js';
export { Subscription } from './subscription.js';

/** @typedef {import('./client.js').ClientOptions} ClientOptions */
/** @typedef {import('./client.js').SessionEvent} SessionEvent */
/** @typedef {import('./content.js').StreamEvent} StreamEvent */
/** @typedef {import('./core/core.js').StateDetail} StateDetail */
/** @typedef {import('./core/stream.js').Frame} Frame */
/** @typedef {import('./storage.js').KeyValueStore} KeyValueStore */
