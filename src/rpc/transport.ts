import type { TuttiError } from '../model/errors.ts';
import type { NodeRole } from '../model/node.ts';
import type { AgentMessage, ManagerMessage } from '../model/protocol.ts';

/**
 * How agents and managers talk. An agent dials out, twice: once for the one stream of messages in both directions, once
 * for requests that the manager makes of the node (logs, the engine's own API). Implementations: http2/ over
 * TLS with certificates at both ends, memory/ with faults to inject. One contract suite holds both.
 */

/** Who is at the other end, as its certificate says. */
export interface Peer {
  readonly nodeId: string;
  readonly role: NodeRole;
  readonly clusterId: string;
  /** IP address that the connection comes from. */
  readonly address: string;
}

/** One end of an open stream. */
export interface Channel<Out> {
  /**
   * Queues the message. False: the other end does not keep up; hold what comes next until `drain` is called. Messages
   * arrive in order or not at all. Nothing happens on a closed channel.
   */
  send(message: Out): boolean;
  /** Ends the stream after what was sent; with a reason at once, and the other end sees a fault. */
  close(reason?: TuttiError): void;
}

/** What the owner of a channel wants to hear. All calls are synchronous and none may throw. */
export interface ChannelHandlers<In> {
  message(message: In): void;
  /** Something arrived, a part of a long message perhaps: the other end lives. Before `message`. */
  heard?(): void;
  drain(): void;
  /** Once, at the end, whoever ended it. No reason: orderly. */
  closed(reason: TuttiError | undefined): void;
}

/** A request that a manager makes of a node; bodies stream in both directions at the same time. */
export interface NodeRequest {
  /** As in HTTP. Default: POST. */
  readonly method?: string;
  /** Such as `/logs/<task id>?follow=true`. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: AsyncIterable<Uint8Array>;
  /** The protocol (`tcp`, `h2c`) that both bodies are to be in, as HTTP's `Upgrade` asks for it. */
  readonly upgrade?: string;
  /** With `upgrade`: so many of the first bytes of the body belong to the request; the new protocol begins behind them. */
  readonly upgradeBodyBytes?: number;
}

export interface NodeResponse {
  /** As in HTTP. */
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** The protocol that both bodies are in from here on; absent where it was not asked for, or refused. */
  readonly upgraded?: string;
  /** Ends with a fault when the connection is lost. Whoever has it reads it to its end or aborts the request. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** Answers requests on a node. A TuttiError thrown before the response becomes the error at the caller. */
export type NodeService = (request: NodeRequest, signal: AbortSignal) => Promise<NodeResponse>;

/** The agent's side. */
export interface AgentTransport {
  /**
   * Opens the message stream to the manager at `address` (`10.0.0.1:2377`). The signal ends the attempt, not the
   * channel. Throws `unavailable`, `deadline-exceeded`, `unauthenticated` or `permission-denied` (removed from the
   * cluster).
   */
  connect(
    address: string,
    handlers: ChannelHandlers<ManagerMessage>,
    signal: AbortSignal,
  ): Promise<Channel<AgentMessage>>;
  /**
   * Lets the manager at `address` make requests of this node until the signal aborts. Resolves when the connection is
   * over, however it ended.
   */
  serve(address: string, service: NodeService, signal: AbortSignal): Promise<void>;
}

/** What a manager does with those that dial in. */
export interface ManagerService {
  /** Why the peer is turned away, if it is: asked for each stream and each request. */
  refusal(peer: Peer): TuttiError | undefined;
  /** A new message stream. */
  session(peer: Peer, channel: Channel<ManagerMessage>): ChannelHandlers<AgentMessage>;
}

/** Requests of nodes, wherever they are connected. */
export interface NodeRequests {
  /** Throws `unavailable` when the node is not connected, else what the node's service threw. */
  request(nodeId: string, request: NodeRequest, signal: AbortSignal): Promise<NodeResponse>;
}

/** The manager's side, listening. */
export interface ManagerListener extends AsyncDisposable, NodeRequests {
  /** Breaks every connection of the node. */
  drop(nodeId: string): void;
}
