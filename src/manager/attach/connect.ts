import * as z from 'zod';
import { TuttiError } from '../../model/errors.ts';
import { wasNeverSent } from '../../rpc/not-connected.ts';
import { tellEngine } from '../engines/call.ts';
import type { CallPorts } from '../engines/call.ts';
import type { KnownContainer } from '../manager.ts';
import type { EnginePlace } from './request.ts';

/** An engine connects within a second; it may be busy. */
const connectMs = 30_000;
const undoMs = 10_000;

type OnEngine = Pick<KnownContainer, 'id' | 'nodeId'>;

/** Throws what the engine refuses, `unavailable` and `deadline-exceeded`. */
export const connectOn = async (
  ports: CallPorts,
  { id, nodeId }: OnEngine,
  { network, settings }: EnginePlace,
  signal?: AbortSignal,
): Promise<void> => {
  const json = { Container: id, EndpointConfig: settings };
  const path = `/networks/${network}/connect`;
  await tellEngine(ports, nodeId, { method: 'POST', path, json, deadlineMs: connectMs }, signal);
};

/**
 * Connects, whether or not anybody still waits for it: an engine does what it was asked. Where it refuses, `undo` is called;
 * where it does not say what it did, only when it has been undone there. Else what was given to the container stays its own.
 */
export const connectOrUndo = async (
  ports: CallPorts,
  container: OnEngine,
  place: EnginePlace,
  undo: () => Promise<void>,
): Promise<void> => {
  try {
    await connectOn(ports, container, place);
  } catch (thrown) {
    const isUndone = wasAnswered(thrown) || wasNeverSent(thrown) || (await isDisconnected(ports, container, place));
    if (isUndone) await undo();
    throw thrown;
  }
};

const isDisconnected = async (ports: CallPorts, container: OnEngine, { network }: EnginePlace): Promise<boolean> =>
  await disconnectOn(ports, container, network, true, undoMs).then(
    () => true,
    () => false,
  );

/** Throws as `connectOn`; what is not connected, or has no such network any more, is disconnected. */
export const disconnectOn = async (
  ports: CallPorts,
  { id, nodeId }: OnEngine,
  network: string,
  force: boolean,
  deadlineMs = connectMs,
): Promise<void> => {
  const json = { Container: id, Force: force };
  const request = { method: 'POST', path: `/networks/${network}/disconnect`, json, deadlineMs } as const;
  await tellEngine(ports, nodeId, request).catch((thrown: unknown) => {
    if (!wasAnswered(thrown) || !isOff.test(TuttiError.from(thrown).message)) throw thrown;
  });
};

/** In the words of engines of several versions. */
const isOff = /is not connected to (the )?network|network .* not found/i;

const wasAnswered = (thrown: unknown): boolean =>
  thrown instanceof TuttiError && typeof thrown.fields['status'] === 'number';

/** Names and ids of the networks that the engine has the container on. */
export const networksOn = async (
  ports: CallPorts,
  { id, nodeId }: OnEngine,
  signal: AbortSignal,
): Promise<ReadonlySet<string>> => {
  const networks = (await inspect(ports, { id, nodeId }, signal))?.NetworkSettings?.Networks ?? {};
  return new Set(Object.entries(networks).flatMap(([name, one]) => [name, one?.NetworkID ?? name]));
};

/** Resolvers that the container was told of (`--dns`). */
export const serversOf = async (
  ports: CallPorts,
  container: OnEngine,
  signal: AbortSignal,
): Promise<readonly string[]> => (await inspect(ports, container, signal))?.HostConfig?.Dns ?? [];

const inspect = async (ports: CallPorts, { id, nodeId }: OnEngine, signal: AbortSignal) =>
  inspected.safeParse(
    await tellEngine(ports, nodeId, { path: `/containers/${id}/json`, deadlineMs: connectMs }, signal),
  ).data;

const inspected = z.looseObject({
  HostConfig: z.looseObject({ Dns: z.array(z.string()).nullish() }).nullish(),
  NetworkSettings: z
    .looseObject({
      Networks: z.record(z.string(), z.looseObject({ NetworkID: z.string().nullish() }).nullish()).nullish(),
    })
    .nullish(),
});
