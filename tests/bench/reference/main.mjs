// `./dev bench reference`: what the system that this one replaces promised, beside what comes out here. Usage:
// node tests/bench/reference/main.mjs [--quick] [one | three | kill | outage | memory | latency | failover | master]...
import { parts } from '../support/parts.mjs';
import { failover, kill, master, outage } from './faults.mjs';
import { latency } from './latency.mjs';
import { memory, one, three } from './load.mjs';

await parts({ one, three, kill, outage, memory, latency, failover, master });
