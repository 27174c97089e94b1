import type { LogOptions } from '../manager.ts';

/** One line of one task, with its line feed when it had one. */
export interface AgentLogLine {
  readonly stream: 'stdout' | 'stderr';
  readonly data: Uint8Array;
  /** When it was written, by the engine: RFC 3339 with nine digits. Told where it was asked for. */
  readonly time?: string;
}

export interface OpenLogOptions extends LogOptions {
  /** Tells of each line when it was written, whether or not that is part of the line. */
  readonly timed?: boolean;
}

/** What the manager asks of agents outside of assignments. The dispatcher implements it over the reverse connection. */
export interface AgentGateway {
  /** Lines of one task. Throws `unavailable` when the node has no session, `not-found` when it does not know the task. */
  openLogs(nodeId: string, taskId: string, options: OpenLogOptions, signal: AbortSignal): AsyncIterable<AgentLogLine>;
}
