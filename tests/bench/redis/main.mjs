// `./dev bench redis`: what the store over Redis reaches, each time against Redis with as little around it as there can
// be. Usage: node tests/bench/redis/main.mjs [--quick] [publish | delivery | recovery]...
import { parts } from '../support/parts.mjs';
import { delivery, recovery } from './delivery.mjs';
import { publish } from './publish.mjs';

const [server, load] = (process.env.STREAMHOST_BENCH_CORES ?? '0 1').split(' ');
await parts({ publish: (verdicts) => publish(verdicts, { server, load }), delivery, recovery });
