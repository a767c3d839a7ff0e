export { Client, connect } from './client.js';
export { formatPosition, parsePosition } from './core/position.js';
export { StreamhostError } from './errors.js';
export { randomId } from './ids.js';
export { Producer } from './producer.js';
export { Run } from './run.js';
export { MemoryStorage } from './storage.js';
export { Subscription } from './subscription.js';
