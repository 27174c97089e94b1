import { setTimeout as sleep } from 'node:timers/promises';
import { TuttiError } from '../model/errors.ts';
import type { Exec } from '../platform/exec.ts';
import type { ClusterLayout, NodeLayout } from './layout.ts';
import { layoutNode } from './layout.ts';
import { linksUp, setLink } from './links.ts';
import { bootNode, haltNode } from './machine.ts';
import type { UpPorts } from './up.ts';
import { nodeNamed, readState } from './state.ts';

/** Takes the power of a node, everything in it at once. Nothing happens to one that is off. */
export async function powerOff(exec: Exec, cluster: ClusterLayout, name: string): Promise<void> {
  nodeNamed(await readState(cluster), name);
  await haltNode(exec, cluster, layoutNode(cluster, name));
}

/**
 * Switches a node on again, with what it has on disk.
 * @throws TuttiError `conflict` when it is on; `unavailable` when its engine does not start (it is off then).
 */
export async function powerOn(
  ports: UpPorts,
  cluster: ClusterLayout,
  name: string,
  signal?: AbortSignal,
): Promise<void> {
  const state = await readState(cluster);
  const node = { ...layoutNode(cluster, name), ...nodeNamed(state, name) };
  if ((await linksUp(ports.exec, cluster))?.has(node.port) === true) {
    throw new TuttiError('conflict', `${name} is on`);
  }
  try {
    const inside = await bootNode(ports, cluster, state, node, signal);
    if (state.agents) await ports.member.start({ ...node, inside }, signal);
  } catch (cause) {
    await haltNode(ports.exec, cluster, node);
    throw cause;
  }
}

/** Cuts a node's link, or makes it whole. No side is told. @throws TuttiError `conflict` when the node is off. */
export async function switchLink(
  exec: Exec,
  cluster: ClusterLayout,
  name: string,
  state: 'up' | 'down',
): Promise<void> {
  nodeNamed(await readState(cluster), name);
  const node: NodeLayout = layoutNode(cluster, name);
  if (!(await setLink(exec, cluster, node, state))) {
    throw new TuttiError('conflict', `${name} has no link: it is off ('tutti dev power-on ${name}')`);
  }
}

/** Longer ones are for `cut` and `heal`; and a timer of more than 24.8 days rings at once. */
const longestCutMs = 24 * 3_600_000;

/**
 * Cuts a node's link for so many milliseconds, or until `signal`: within one process, as starting a command takes its time, too.
 * @returns for how long it was down at the most, in milliseconds.
 * @throws TuttiError `conflict` when the node is off; `invalid-argument` for more than a day.
 */
export async function cutFor(
  exec: Exec,
  cluster: ClusterLayout,
  name: string,
  ms: number,
  signal: AbortSignal,
): Promise<number> {
  if (ms > longestCutMs) {
    throw new TuttiError(
      'invalid-argument',
      "a link is cut for a day at most: for more use 'tutti dev cut' and 'heal'",
    );
  }
  const started = performance.now();
  await switchLink(exec, cluster, name, 'down');
  await sleep(ms, undefined, { signal }).catch(() => undefined);
  await switchLink(exec, cluster, name, 'up');
  return performance.now() - started;
}
