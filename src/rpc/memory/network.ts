import { notConnected } from '../not-connected.ts';
import { TuttiError } from '../../model/errors.ts';
import type { Clock } from '../../platform/ports.ts';
import { abortable } from '../abortable.ts';
import type { AgentTransport, ManagerListener, ManagerService, NodeService, Peer } from '../transport.ts';
import { createConnection } from './connection.ts';
import type { Connection } from './connection.ts';

export interface MemoryNetworkOptions {
  readonly clock: Clock;
  /** Milliseconds for the next message between a node and a manager address. */
  readonly delay: (nodeId: string, address: string) => number;
  /** How long an attempt to connect over a cut way takes to fail. */
  readonly connectTimeoutMs: number;
}

/** Nodes and managers in one process, with the faults of a real network at hand. */
export interface MemoryNetwork {
  listen(address: string, service: ManagerService): ManagerListener;
  agent(peer: Peer): AgentTransport;
  /** The node's way to every manager is cut: what is sent waits, nobody is told. Returns what ends this cut and no other. */
  cut(nodeId: string): () => void;
  /** Ends all of the node's cuts. */
  heal(nodeId: string): void;
  /** It is not cut. */
  isWhole(nodeId: string): boolean;
  /** Connections of the node break, attempts to connect too. Silently: the managers are not told, as in a power cut. */
  crash(nodeId: string, how: { readonly silent: boolean }): void;
  /** The manager is gone: its listener stops and the agents' connections break, silently or not. */
  crashManager(address: string, how: { readonly silent: boolean }): void;
}

interface Listening {
  readonly address: string;
  readonly service: ManagerService;
  readonly nodes: Map<string, { readonly service: NodeService; readonly gone: AbortController }>;
}

interface Open {
  readonly peer: Peer;
  readonly at: Listening;
  readonly connection: Connection;
}

export const createMemoryNetwork = (options: MemoryNetworkOptions): MemoryNetwork => {
  const listeners = new Map<string, Listening>();
  /** Node → a key for each of its cuts. */
  const cuts = new Map<string, Set<symbol>>();
  const isCut = (nodeId: string): boolean => (cuts.get(nodeId)?.size ?? 0) > 0;
  const open = new Set<Open>();
  /** Node → how often its connections broke. */
  const crashes = new Map<string, number>();

  const breakAll = (match: (entry: Open) => boolean, told: { readonly agent: boolean; readonly manager: boolean }) => {
    for (const entry of open) {
      if (!match(entry)) continue;
      open.delete(entry);
      entry.connection.break(told);
    }
  };

  const breakRequests = (nodeId: string, from: Iterable<Listening> = listeners.values()) => {
    for (const { nodes } of from)
      nodes.get(nodeId)?.gone.abort(new TuttiError('unavailable', 'the connection was lost'));
  };

  const reach = async (peer: Peer, address: string, signal: AbortSignal): Promise<Listening> => {
    const before = crashes.get(peer.nodeId);
    await options.clock.sleep(options.delay(peer.nodeId, address), signal);
    // What was under way breaks with the rest: a process that died meanwhile must not come to a connection.
    if (crashes.get(peer.nodeId) !== before) throw new TuttiError('unavailable', 'the connection was lost');
    if (isCut(peer.nodeId)) {
      await options.clock.sleep(options.connectTimeoutMs, signal);
      throw new TuttiError('deadline-exceeded', `manager ${address} does not answer`);
    }
    const listening = listeners.get(address);
    if (listening === undefined) throw new TuttiError('unavailable', `nothing listens on ${address}`);
    const refusal = listening.service.refusal(peer);
    if (refusal !== undefined) throw refusal;
    return listening;
  };

  const listen = (address: string, service: ManagerService): ManagerListener => {
    const listening: Listening = { address, service, nodes: new Map() };
    listeners.set(address, listening);
    const mine = (entry: Open) => entry.at === listening;
    return {
      request: async (nodeId, request, signal) => {
        const node = listening.nodes.get(nodeId);
        if (node === undefined) throw notConnected(nodeId);
        await options.clock.sleep(options.delay(nodeId, address), signal);
        const linked = AbortSignal.any([signal, node.gone.signal]);
        const response = await node.service(request, linked);
        return { ...response, body: abortable(response.body, linked) };
      },
      drop: (nodeId) => {
        breakRequests(nodeId, [listening]);
        breakAll((entry) => mine(entry) && entry.peer.nodeId === nodeId, { agent: true, manager: true });
      },
      [Symbol.asyncDispose]: () => {
        if (listeners.get(address) === listening) listeners.delete(address);
        for (const nodeId of listening.nodes.keys()) breakRequests(nodeId, [listening]);
        breakAll(mine, { agent: true, manager: true });
        return Promise.resolve();
      },
    };
  };

  const agent = (peer: Peer): AgentTransport => ({
    connect: async (address, handlers, signal) => {
      const at = await reach(peer, address, signal);
      const connection = createConnection({
        clock: options.clock,
        delay: () => options.delay(peer.nodeId, address),
        cut: () => isCut(peer.nodeId),
        ended: () => open.delete(entry),
      });
      const entry: Open = { peer, at, connection };
      open.add(entry);
      connection.agent.attach(handlers);
      connection.manager.attach(at.service.session(peer, connection.manager.channel));
      return connection.agent.channel;
    },
    serve: async (address, service, signal) => {
      const at = await reach(peer, address, signal).catch(() => undefined);
      if (at === undefined || signal.aborted) return;
      at.nodes.get(peer.nodeId)?.gone.abort();
      const gone = new AbortController();
      const entry = { service, gone };
      at.nodes.set(peer.nodeId, entry);
      await new Promise<void>((resolve) => {
        const ended = AbortSignal.any([signal, gone.signal]);
        ended.addEventListener('abort', () => resolve(), { once: true });
      });
      gone.abort();
      if (at.nodes.get(peer.nodeId) === entry) at.nodes.delete(peer.nodeId);
    },
  });

  return {
    listen,
    agent,
    cut: (nodeId) => {
      const cut = Symbol('cut');
      cuts.set(nodeId, new Set(cuts.get(nodeId)).add(cut));
      return () => void cuts.get(nodeId)?.delete(cut);
    },
    heal: (nodeId) => void cuts.delete(nodeId),
    isWhole: (nodeId) => !isCut(nodeId),
    crash: (nodeId, { silent }) => {
      crashes.set(nodeId, (crashes.get(nodeId) ?? 0) + 1);
      breakRequests(nodeId);
      breakAll((entry) => entry.peer.nodeId === nodeId, { agent: false, manager: !silent });
    },
    crashManager: (address, { silent }) => {
      const listening = listeners.get(address);
      listeners.delete(address);
      for (const nodeId of listening?.nodes.keys() ?? []) breakRequests(nodeId, listening && [listening]);
      breakAll((entry) => entry.at === listening, { agent: !silent, manager: false });
    },
  };
};
