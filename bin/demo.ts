/**
 * `npm run demo`: a cluster on this machine with the voting app on it, until Ctrl-C.
 *   --nodes N  how many (default 3)
 *   --once     remove everything as soon as it runs, instead of waiting for Ctrl-C (for tests)
 */
import { once } from 'node:events';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startDemo } from '../src/dev/demo/demo.ts';
import type { Demo } from '../src/dev/demo/demo.ts';
import { resultPort, votePort } from '../src/dev/demo/stack.ts';
import { defaultBases } from '../src/dev/layout.ts';
import { createMemberPort } from '../src/dev/member-host.ts';
import { systemSpawn } from '../src/dev/spawn.ts';
import { TuttiError } from '../src/model/errors.ts';
import { systemExec } from '../src/platform/exec.ts';

const begun = performance.now();
const say = (line: string): void => {
  const seconds = ((performance.now() - begun) / 1000).toFixed(0).padStart(3);
  process.stderr.write(`${seconds} s  ${line}\n`);
};

// A terminal that was closed, a `tee` that Ctrl-C ended as well: what cannot be written must not end the removal.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (interrupted.signal.aborted) say('still removing; please wait');
    else interrupted.abort(new TuttiError('cancelled', `stopped by ${signal}`));
  });
}

function invitation(demo: Demo): string {
  const nodes = demo.nodes.map(
    (node) => `           ${node.name}: http://${node.address}:${votePort}/  http://${node.address}:${resultPort}/`,
  );
  return `
  Vote:    ${demo.voteUrl}
  Result:  ${demo.resultUrl}
  The same on every node, reachable from this machine:
${nodes.join('\n')}

  The docker command, on the whole cluster:
           docker --context ${demo.context} node ls
           docker --context ${demo.context} stack ps voting
           docker --context ${demo.context} service scale voting_vote=5
  The tutti command, likewise:
           export TUTTI_HOST=${demo.endpoint}
           ./tutti ps
           ./tutti explain voting_vote.1
  Take the power of a node, and give it back:
           ./tutti dev power-off --name demo node3
           ./tutti dev power-on --name demo node3

  Ctrl-C removes everything but the images that were built, which the next demo uses again.
`;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { nodes: { type: 'string', default: '3' }, once: { type: 'boolean', default: false } },
  });
  const ports = {
    exec: systemExec,
    spawn: systemSpawn,
    path: process.env.PATH ?? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    member: createMemberPort(systemExec),
    report: say,
  };
  const cache = process.env.TUTTI_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'tutti');
  const { signal } = interrupted;
  const demo = await startDemo(ports, { nodes: Number(values.nodes), bases: defaultBases, cache, signal });
  try {
    process.stdout.write(invitation(demo));
    if (!values.once && !signal.aborted) {
      // A timer keeps the process alive: nothing else has to.
      const alive = setInterval(() => undefined, 1 << 30);
      await once(signal, 'abort');
      clearInterval(alive);
    }
  } finally {
    say('removing everything');
    await demo[Symbol.asyncDispose]();
    say('removed');
  }
}

try {
  await main();
} catch (thrown) {
  const error = TuttiError.from(thrown);
  // Ctrl-C reaches the programs that it runs as well: what they then fail with is not the news.
  const stopped = interrupted.signal.aborted;
  say(stopped ? 'stopped, and everything removed' : `demo: ${error.message}`);
  process.exitCode = stopped ? 130 : 1;
}
