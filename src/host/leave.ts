import { rm } from 'node:fs/promises';
import { TuttiError } from '../model/errors.ts';
import { leaveAnswer } from '../rpc/calls.ts';
import { callManager } from '../rpc/http2/call.ts';
import { requireConfig, type NodeConfig } from './config.ts';
import { readCredentials } from './credentials.ts';
import type { HostPorts, LeaveOptions, LeaveResult } from './host.ts';
import { stopDaemons } from './start.ts';

/** Removes what the cluster made on this machine: containers, networks, rules. Gives it in words for people. */
export type CleanUp = (config: NodeConfig, signal?: AbortSignal) => Promise<readonly string[]>;

/** Tells a manager; false when none could be told. */
const tell = async ({ clock }: HostPorts, config: NodeConfig, options: LeaveOptions): Promise<boolean> => {
  const { signal } = options;
  try {
    const credentials = await readCredentials(options);
    for (const address of config.managers) {
      const trust = { kind: 'node', credentials } as const;
      const call = { address, trust, name: 'leave', body: {}, answer: leaveAnswer, clock };
      await callManager({ ...call, ...(signal && { signal }) });
      return true;
    }
  } catch {
    signal?.throwIfAborted();
  }
  return false;
};

/** See Host.leave. Throws `conflict` where `force` is needed. */
export const leaveNode = async (ports: HostPorts, options: LeaveOptions, cleanUp: CleanUp): Promise<LeaveResult> => {
  const config = await requireConfig(options);
  if (config.role === 'manager' && !options.force) {
    throw new TuttiError(
      'conflict',
      'this is the last manager: when it leaves, the cluster and everything in it is gone. Use --force if you mean that',
    );
  }
  const told = config.role === 'worker' && (await tell(ports, config, options));
  if (!told && !options.force) {
    throw new TuttiError(
      'unavailable',
      'no manager could be told that this node leaves; with --force it leaves anyway and stays listed as down',
    );
  }
  await stopDaemons(ports, config, options, options.signal);
  const removed = await cleanUp(config, options.signal);
  for (const directory of [options.runDirectory, options.stateDirectory]) {
    await rm(directory, { recursive: true, force: true });
  }
  return { told, removed };
};
