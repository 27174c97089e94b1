import { TuttiError } from '../model/errors.ts';
import { leaveAnswer } from '../rpc/calls.ts';
import { callManager } from '../rpc/http2/call.ts';
import { requireConfig, type NodeConfig } from './config.ts';
import { readCredentials } from './credentials.ts';
import type { Directories, HostPorts, LeaveOptions, LeaveResult } from './host.ts';
import { removeFiles } from './remove.ts';
import { stopDaemons } from './start.ts';

/** Removes what the cluster made on this machine: containers, networks, rules. Gives it in words for people. */
export type CleanUp = (config: NodeConfig, signal?: AbortSignal) => Promise<readonly string[]>;

/** Tells a manager; false when none could be told. */
export const tellManager = async (
  { clock }: HostPorts,
  config: NodeConfig,
  options: Directories & { readonly signal?: AbortSignal },
): Promise<boolean> => {
  const { signal } = options;
  try {
    const credentials = await readCredentials(options);
    for (const address of config.managers) {
      const trust = { kind: 'node', credentials } as const;
      const call = { address, trust, name: 'leave', body: {}, answer: leaveAnswer, clock, ...(signal && { signal }) };
      const told = await callManager(call).then(
        () => true,
        // A node that is not in the cluster any more has nothing to tell.
        (error: unknown) => TuttiError.from(error).code === 'permission-denied',
      );
      if (told) return true;
    }
  } catch {
    // Without readable credentials there is nobody to tell.
  }
  signal?.throwIfAborted();
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
  // The last manager has nobody to tell: what lists it goes with it.
  const told = config.role === 'manager' || (await tellManager(ports, config, options));
  if (!told && !options.force) {
    throw new TuttiError(
      'unavailable',
      'no manager could be told that this node leaves; with --force it leaves anyway and stays listed as down',
    );
  }
  await stopDaemons(ports, config, options, options.signal);
  const removed = await cleanUp(config, options.signal);
  await removeFiles(options);
  return { told, removed };
};
