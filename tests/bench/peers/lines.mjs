// The lines of the table: what is done, what of a run counts, what is to be reached. `quick` runs say only that everything
// works and verifies.
import { US } from './statistics.mjs';

const cpu = (run) => run.per_cpu_second;
const times = (name) => (run) => ({ p50: run.latency[name].p50_us / 1_000, p99: run.latency[name].p99_us / 1_000 });
const EVERYBODY = [US, 'uws', 'epoll', 'beast', 'poco', 'ws', 'socketio', 'nats', 'nchan', 'mosquitto'];
const FAST = [US, 'uws', 'epoll'];
const PER_CPU = 'deliveries per CPU-second of the server';

const streams = (rate, channels = 1_000) => ({
    scenario: 'spoken-streams',
    parameters: (quick) => (quick ? { channels: 50, rate: 1_000 } : { channels, rate }),
    isTimed: true,
    overruns: true, // a peer may: then what came in time counts. We may not.
    value: cpu,
    more: times('due_to_reader'),
});

/**
 * `isTimed`: takes warm_s and seconds. `nodes`: two of them, `cores` 'one' or 'both'. `processes`: so many servers beside each
 * other, with a generator and an equal part of the rate each. `target`: of the ratio to a peer of the same run, or `most`/`least`
 * of our own value.
 */
export const lines = {
    'fan-out': {
        title: 'fan-out, 1 channel, 1,000 readers, 32 messages on their way',
        unit: PER_CPU,
        peers: EVERYBODY,
        scenario: 'spoken-fan-out',
        parameters: (quick) => ({ readers: quick ? 50 : 1_000, window: 32 }),
        isTimed: true,
        value: cpu,
        more: times('sent_to_reader'),
        target: { peer: 'uws', ratio: 1.2 },
    },
    'fan-out-load': {
        title: 'the same, 640 messages/s offered in bursts of 32',
        unit: PER_CPU,
        peers: [...FAST, 'nats'],
        scenario: 'spoken-fan-out',
        parameters: (quick) => ({ readers: quick ? 50 : 1_000, window: 32, rate: 640 }),
        isTimed: true,
        value: cpu,
        more: times('due_to_reader'),
        target: { peer: 'uws', ratio: 1.2 },
    },
    'streams-50k': {
        title: '1,000 streams with a reader each, 50,000 messages/s',
        unit: PER_CPU,
        peers: EVERYBODY,
        ...streams(50_000),
        target: { peer: 'uws', ratio: 1.2 },
    },
    'streams-10k': {
        title: '1,000 streams with a reader each, 10,000 messages/s',
        unit: PER_CPU,
        peers: EVERYBODY,
        ...streams(10_000),
        target: { peer: 'uws', ratio: 1 },
        mostP50: 0.1,
    },
    echo: {
        title: 'echo, 100 connections, 10 messages of 128 bytes on their way on each',
        unit: 'echoes per CPU-second of the server',
        peers: EVERYBODY,
        scenario: 'spoken-echo',
        parameters: (quick) => ({ connections: quick ? 20 : 100, window: 10, bytes: 128 }),
        isTimed: true,
        value: cpu,
        more: times('round_trip'),
        target: { peer: 'uws', ratio: 1 },
    },
    accept: {
        title: 'connect, upgrade, reset',
        unit: 'handshakes per CPU-second of the server',
        peers: EVERYBODY.filter((name) => name !== 'poco'), // a thread each: 64 at a time would say little
        scenario: 'accept',
        parameters: (quick) => (quick ? { connections: 200, rounds: 1 } : { connections: 5_000, rounds: 4 }),
        value: cpu,
        more: times('connect_to_upgraded'),
        target: { peer: 'uws', ratio: 1 },
    },
    'tls-accept': {
        title: 'TLS 1.3 with a P-256 certificate, no tickets, then upgrade',
        unit: 'handshakes per CPU-second of the server',
        peers: [US, 'uws', 'nchan', 'ws', 'nats'],
        secure: true,
        scenario: 'tls-accept',
        parameters: (quick) => ({ connections: quick ? 50 : 1_000 }),
        value: cpu,
        more: times('connect_to_secure'),
    },
    'idle-bare': {
        title: '10,000 connections after the bare upgrade',
        unit: 'bytes of user space each (PSS)',
        peers: [...FAST, 'beast', 'ws', 'nchan'], // the others want to be greeted
        scenario: 'idle',
        parameters: (quick) => ({ mode: 'bare', connections: quick ? 200 : 10_000 }),
        value: (run) => run.numbers.bytes_per_connection_of_second_half,
        isLessBetter: true,
        most: 500,
        rounds: 1,
    },
    'idle-hello': {
        title: '10,000 connections with a session and its subscription',
        unit: 'bytes of user space each (PSS)',
        peers: [US],
        scenario: 'idle',
        parameters: (quick) => ({ mode: 'hello', connections: quick ? 200 : 10_000 }),
        value: (run) => run.numbers.bytes_per_connection_of_second_half,
        isLessBetter: true,
        rounds: 1,
    },
    idle: {
        title: '10,000 connections, each subscribed to a stream of its own',
        unit: 'bytes of user space each (PSS)',
        peers: EVERYBODY.filter((name) => name !== 'poco'), // 10,000 threads
        scenario: 'idle',
        parameters: (quick) => ({ mode: 'subscribed', connections: quick ? 200 : 10_000 }),
        value: (run) => run.numbers.bytes_per_connection_of_second_half,
        isLessBetter: true,
        most: 2_000,
        rounds: 1,
    },
    storm: {
        title: '10,000 readers dropped at once, back within a jitter of 1 s, 500 messages/s on 1,000 streams meanwhile',
        unit: 'ms until all are back (the host: and resumed, nothing lost)',
        peers: [US, 'uws', 'epoll', 'ws', 'nchan', 'nats'],
        scenario: 'spoken-storm',
        parameters: (quick) => ({ ...(quick ? { channels: 20, readers: 5, rate: 200 } : { channels: 1_000, readers: 10, rate: 500 }), warm_s: 1, seconds: 3 }),
        overruns: true, // who does not resume has lost what came meanwhile
        value: (run) => run.numbers.all_back_ms,
        more: times('drop_to_ready'),
        isLessBetter: true,
        most: 1_300,
        rounds: 3,
    },
    'redis-10k': {
        title: 'two nodes through Redis on one core, 10,000 messages/s on 1,000 streams: written at one, read at the other',
        unit: 'deliveries per CPU-second of both nodes and Redis',
        peers: [US, 'ws', 'nchan', 'nats'],
        nodes: 2,
        ...streams(10_000),
        least: 30_000,
        mostP50: 1,
    },
    'redis-50k': {
        title: 'the same at 50,000 messages/s, on both cores',
        unit: 'share of the messages that were delivered 2 s after the last one',
        peers: [US, 'ws', 'nchan', 'nats'],
        nodes: 2,
        cores: 'both',
        ...streams(50_000),
        overrunsUs: true,
        value: (run) => run.numbers.delivered_share,
        least: 1,
        rounds: 3,
    },
    ...Object.fromEntries(
        [1_000, 10_000, 18_000].map((channels) => [
            `curve-${channels / 1_000}k`,
            {
                title: `${channels.toLocaleString('en')} streams with a reader each, 10,000 messages/s`,
                unit: PER_CPU,
                peers: FAST,
                ...streams(10_000, channels),
                rounds: 3,
            },
        ]),
    ),
    'curve-2x18k': {
        title: '36,000 streams with a reader each in two processes on one core, 10,000 messages/s in all; p50 and p99 of the slower one',
        unit: PER_CPU,
        peers: FAST,
        processes: 2,
        ...streams(10_000, 18_000),
        rounds: 3,
    },
};
