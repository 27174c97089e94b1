/**
 * The network part of an agent alone, to be run inside a node, `agent.ts ENGINE RESOLVER`: takes commands as JSON lines on
 * standard input and answers each with one line. Used by the system tests of the network.
 */
import { createInterface } from 'node:readline';
import type { Assignment } from '../../../src/model/assignment.ts';
import { assignmentKey } from '../../../src/model/protocol.ts';
import type { TaskObservation } from '../../../src/model/task.ts';
import type { NetworkId } from '../../../src/model/ids.ts';
import { followAttachments } from '../../../src/agent/attachments/follow.ts';
import { createResolverLink } from '../../../src/agent/dns/link/link.ts';
import { createNetwork } from '../../../src/agent/network/network.ts';
import { createKeysFile } from '../../../src/platform/agent-files.ts';
import { systemClock } from '../../../src/platform/clock.ts';
import { createDockerNetworks } from '../../../src/platform/docker-networks.ts';
import { createEngineClient } from '../../../src/platform/engine/client.ts';
import { systemExec } from '../../../src/platform/exec.ts';
import { createKernelSettings } from '../../../src/platform/kernel-settings.ts';
import { watchUserspace } from '../../../src/platform/userspace-wireguard.ts';
import { createLog } from '../../../src/platform/log.ts';

export type Command =
  | { readonly do: 'apply'; readonly assignments: readonly Assignment[] }
  /** These take the place of what was applied under their keys. */
  | { readonly do: 'change'; readonly put: readonly Assignment[] }
  | { readonly do: 'observe'; readonly observation: TaskObservation }
  | { readonly do: 'ensure'; readonly networks: readonly string[] }
  /** What was applied is the truth: the resolver need not keep what an agent before told it. */
  | { readonly do: 'known' }
  | { readonly do: 'check' }
  | { readonly do: 'settled' }
  | { readonly do: 'spawned' }
  | { readonly do: 'publicKey' }
  | { readonly do: 'rotateKey' }
  | { readonly do: 'removeAll' };

const [endpoint = '', path = ''] = process.argv.slice(2);
const log = createLog({ level: 'debug', clock: systemClock, sink: (line) => process.stderr.write(`${line}\n`) });
let spawned = 0;
let applied: ReadonlyMap<string, Assignment> = new Map();
const resolver = createResolverLink({ path, clock: systemClock, log });
const engine = createEngineClient(endpoint);
const attachments = followAttachments({ engine, clock: systemClock, log });
const network = createNetwork({
  exec: async (command, args, options) => {
    spawned += 1;
    return await systemExec(command, args, options);
  },
  settings: createKernelSettings(),
  docker: createDockerNetworks(engine),
  attachments,
  resolver,
  keys: createKeysFile(`${path}.keys`),
  watch: watchUserspace,
  clock: systemClock,
  log,
  // Tests wait for it; a benchmark has it as agents do.
  checkMs: Number(process.env.TUTTI_LAB_CHECK_MS ?? 2_000),
  sealTimes: { wait: 10_000, settle: 1_500, close: 1_500 },
});

async function act(command: Command): Promise<unknown> {
  switch (command.do) {
    case 'apply':
      applied = new Map(command.assignments.map((item) => [assignmentKey(item), item]));
      network.apply(applied);
      return null;
    case 'change':
      applied = new Map([...applied, ...command.put.map((item) => [assignmentKey(item), item] as const)]);
      network.apply(applied);
      return null;
    case 'observe':
      network.observe(command.observation);
      return null;
    case 'ensure':
      return Object.fromEntries(await network.ensure(command.networks as NetworkId[]));
    case 'known':
      resolver.release();
      return null;
    case 'check':
      await network.compare();
      return null;
    case 'settled':
      await network.settled();
      return null;
    case 'spawned':
      return spawned;
    case 'publicKey':
      return await network.publicKey();
    case 'rotateKey':
      await network.rotateKey();
      return await network.publicKey();
    case 'removeAll':
      return await network.removeAll();
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const { id, command } = JSON.parse(line) as { id: number; command: Command };
  void act(command).then(
    (value) => process.stdout.write(`${JSON.stringify({ id, value })}\n`),
    (error: unknown) => process.stdout.write(`${JSON.stringify({ id, error: String(error) })}\n`),
  );
}
await network[Symbol.asyncDispose]();
await attachments[Symbol.asyncDispose]();
await resolver[Symbol.asyncDispose]();
