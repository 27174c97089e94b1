import type { NodeReport } from '../../model/doctor.ts';
import type { Listener } from '../../model/listener.ts';
import { TuttiError } from '../../model/errors.ts';
import { encodeLogPart, parseLogPath, type LogPart } from '../../rpc/logs.ts';
import { nowHeader, parseEnginePath, withNodeNow } from '../../rpc/engine.ts';
import { isDoorMetricsPath, parseDoorLogPath } from '../../rpc/door.ts';
import { isDoctorPath, isRotateKeyPath, parseListenersPath } from '../../rpc/node-calls.ts';
import { isRenewPath } from '../../rpc/renew.ts';
import { parseNetworksPath } from '../../rpc/networks.ts';
import type { NodeRequest, NodeResponse, NodeService } from '../../rpc/transport.ts';
import type { EngineForward, NodeProxy, TaskWorker } from './ports.ts';
import type { NetworkReadiness } from './ready-networks.ts';

async function* framesOf(parts: AsyncIterable<LogPart>): AsyncGenerator<Uint8Array> {
  for await (const part of parts) yield encodeLogPart(part);
}

async function* textOf(text: string): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(Buffer.from(text));
}
const jsonOf = (value: unknown): AsyncIterable<Uint8Array> => textOf(JSON.stringify(value));

async function* linesOf(lines: AsyncIterable<string>): AsyncGenerator<Uint8Array> {
  for await (const line of lines) yield Buffer.from(`${line}\n`);
}

/** The parts with the first one awaited: what is wrong with a request shows before its answer begins. */
const begun = async <Item>(items: AsyncIterable<Item>): Promise<AsyncIterable<Item>> => {
  const iterator = items[Symbol.asyncIterator]();
  let first: Promise<IteratorResult<Item>> | undefined = iterator.next();
  // Nothing may come for long while it is followed: then there is nothing wrong.
  await Promise.race([first, new Promise((resolve) => setImmediate(resolve))]);
  return {
    [Symbol.asyncIterator]: () => ({
      next: async () => {
        const next = first ?? iterator.next();
        first = undefined;
        return await next;
      },
      return: async () => (await iterator.return?.()) ?? { done: true, value: undefined },
    }),
  };
};

/** Asks the engine, which goes by this node's clock. */
const ask = async (
  request: NodeRequest,
  signal: AbortSignal,
  forward: EngineForward,
  now: number,
): Promise<NodeResponse> => {
  const timed = withNodeNow(request.path, now);
  if (timed === undefined) return await forward(request, signal);
  const response = await forward({ ...request, path: timed }, signal);
  return { ...response, headers: { ...response.headers, [nowHeader]: String(Math.floor(now)) } };
};

/** What the node can do for a manager. What is absent it does not know. */
export interface NodeServicePorts {
  readonly worker: Pick<TaskWorker, 'logs'>;
  readonly networks: Pick<NetworkReadiness, 'ready'>;
  readonly forward?: EngineForward | undefined;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly renew?: ((signal: AbortSignal) => Promise<void>) | undefined;
  readonly rotateKey?: ((signal: AbortSignal) => Promise<void>) | undefined;
  readonly doctor?: ((signal: AbortSignal) => Promise<NodeReport>) | undefined;
  readonly listeners?: ((ports: readonly number[], signal: AbortSignal) => Promise<readonly Listener[]>) | undefined;
  readonly door?: Pick<NodeProxy, 'accessLog' | 'metrics'> | undefined;
}

/** Answers what a manager asks of this node. */
export const createNodeService =
  ({ worker, networks, forward, now, renew, rotateKey, doctor, listeners, door }: NodeServicePorts): NodeService =>
  async (request, signal) => {
    const enginePath = parseEnginePath(request.path);
    if (enginePath !== undefined && forward) return await ask({ ...request, path: enginePath }, signal, forward, now());
    const networkIds = parseNetworksPath(request.path);
    if (networkIds !== undefined) return { status: 200, body: jsonOf(await networks.ready(networkIds, signal)) };
    if (isRenewPath(request.path) && renew) {
      await renew(signal);
      return { status: 200, body: jsonOf({}) };
    }
    if (isDoctorPath(request.path) && doctor) return { status: 200, body: jsonOf(await doctor(signal)) };
    if (isRotateKeyPath(request.path) && rotateKey) {
      await rotateKey(signal);
      return { status: 200, body: jsonOf({}) };
    }
    const ports = parseListenersPath(request.path);
    if (ports !== undefined && listeners) return { status: 200, body: jsonOf(await listeners(ports, signal)) };
    if (isDoorMetricsPath(request.path) && door) return { status: 200, body: textOf(await door.metrics(signal)) };
    const access = parseDoorLogPath(request.path);
    if (access !== undefined && door) return { status: 200, body: linesOf(door.accessLog(access, signal)) };
    const logs = parseLogPath(request.path);
    if (logs === undefined) throw new TuttiError('not-found', 'this node does not know the request');
    const { since, until, tail, ...required } = logs.options;
    const options = {
      ...required,
      ...(since !== undefined && { since }),
      ...(until !== undefined && { until }),
      ...(tail !== undefined && { tail }),
    };
    return { status: 200, body: framesOf(await begun(worker.logs(logs.taskId, options, signal))) };
  };
