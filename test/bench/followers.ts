import { Agent, request } from 'node:http';
import { until } from '../support/until.ts';
import type { Cluster } from './cluster.ts';
import type { DockerEndpoint } from './docker.ts';
import { processOf, residentMb } from './footprint.ts';
import type { BenchResult } from './result.ts';

export interface FollowersBench {
  readonly tutti: Cluster;
  readonly image: string;
  /** Half of them follow the log of a container, half the events. */
  readonly count: number;
  readonly seconds: number;
}

interface Follower {
  readonly ended: () => boolean;
  readonly hangUp: () => void;
}

/** Reads a stream for as long as it goes, and hands on its whole lines. */
const follow = (socketPath: string, path: string, agent: Agent, line: (text: string) => void): Promise<Follower> =>
  new Promise((resolve, reject) => {
    const sent = request({ socketPath, path: `/v1.41${path}`, agent }, (answer) => {
      let rest = '';
      let ended = false;
      answer.setEncoding('utf8');
      answer.on('data', (chunk: string) => {
        const lines = (rest + chunk).split('\n');
        rest = lines.pop() ?? '';
        for (const each of lines) line(each);
      });
      answer.on('error', () => undefined);
      answer.on('close', () => (ended = true));
      resolve({ ended: () => ended, hangUp: () => sent.destroy() });
    });
    sent.on('error', reject);
    sent.end();
  });

/** What one that follows a count by one has seen of it. */
interface Seen {
  last: number;
  lost: number;
}

/** A line a second, numbered. */
const countLines = ['sh', '-c', 'i=0; while true; do echo $i; i=$((i+1)); sleep 1; done'];

/** How long the figures settle before what the memory is held against. */
const settleSeconds = 10;

/** Followers on one manager of a log and of the events: none loses any, and nothing grows. */
export async function followers({ tutti, image, count, seconds }: FollowersBench): Promise<readonly BenchResult[]> {
  const socketPath = tutti.endpoint.replace(/^unix:\/\//, '');
  const engine = tutti.engines.at(-1) as DockerEndpoint;
  const daemons = { manager: await processOf('bin/manager.ts', tutti), agent: await processOf('bin/agent.ts', tutti) };
  const agent = new Agent({ maxSockets: count });
  const body = { Image: image, Cmd: countLines, Tty: true };
  const { Id } = await engine.call<{ Id: string }>('POST', '/containers/create', body);
  await engine.call('POST', `/containers/${Id}/start`);
  await until(
    'the container is known',
    () => tutti.docker.call('GET', `/containers/${Id}/json`),
    () => true,
  );
  const logs = Array.from({ length: Math.ceil(count / 2) }, (): Seen => ({ last: -1, lost: 0 }));
  const events = Array.from({ length: Math.floor(count / 2) }, () => 0);
  const filter = encodeURIComponent(JSON.stringify({ type: ['volume'], event: ['create'] }));
  const open: Follower[] = [];
  let made = 0;
  try {
    for (const seen of logs) {
      const heard = (text: string): void => {
        seen.lost += Math.abs(Number(text) - seen.last - 1);
        seen.last = Number(text);
      };
      open.push(await follow(socketPath, `/containers/${Id}/logs?stdout=1&follow=1`, agent, heard));
    }
    for (const index of events.keys()) {
      const heard = (): void => void (events[index] = (events[index] ?? 0) + 1);
      open.push(await follow(socketPath, `/events?filters=${filter}`, agent, heard));
    }
    const resident = async () => ({
      manager: await residentMb(daemons.manager),
      agent: await residentMb(daemons.agent),
    });
    let before = await resident();
    const started = performance.now();
    for (let second = 1; second <= seconds; second++) {
      const name = `bench-follow-${made}`;
      await engine.call('POST', '/volumes/create', { Name: name });
      made += 1;
      await engine.call('DELETE', `/volumes/${name}`);
      if (second === settleSeconds) before = await resident();
      // The pace of the load, not a wait for anything.
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, started + second * 1000 - performance.now())));
    }
    const after = await resident();
    await engine.call('POST', `/containers/${Id}/kill`);
    await until(
      'all logs have ended',
      () => open.slice(0, logs.length).every((each) => each.ended()),
      (all) => all,
    ).catch(() => undefined);
    await until(
      'all have heard all events',
      () => Math.min(...events),
      (least) => least >= made,
      { deadlineMs: 20_000 },
    ).catch(() => undefined);
    const lines = Math.max(...logs.map(({ last }) => last));
    const what = `${count} followers for ${seconds} s`;
    return [
      {
        name: `${what}: lines lost`,
        value: logs.reduce((sum, { last, lost }) => sum + lost + (lines - last), 0),
        unit: 'lines',
        limit: { kind: 'at most', value: 0 },
        detail: `(${lines + 1} lines to ${logs.length})`,
      },
      {
        name: `${what}: events lost`,
        value: events.reduce((sum, each) => sum + Math.abs(made - each), 0),
        unit: 'events',
        limit: { kind: 'at most', value: 0 },
        detail: `(${made} events to ${events.length})`,
      },
      ...(['manager', 'agent'] as const).map(
        (daemon): BenchResult => ({
          name: `${what}: ${daemon}, growth`,
          value: after[daemon] - before[daemon],
          unit: 'MB',
          limit: { kind: 'at most', value: 16 },
          detail: `(from ${before[daemon].toFixed(0)} MB)`,
        }),
      ),
    ];
  } finally {
    for (const each of open) each.hangUp();
    agent.destroy();
    await engine.call('DELETE', `/containers/${Id}?force=1`);
  }
}
