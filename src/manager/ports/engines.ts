import type { NodeReport } from '../../model/doctor.ts';
import type { Definitions } from '../../platform/engine/types.generated.ts';
import type { NodeRequest, NodeResponse } from '../../rpc/transport.ts';

/** What nodes are asked for besides their engines. */
export interface NodeCalls {
  /** Has every node that is ready make another key for the encryption between nodes. Throws `unavailable` where one did not. */
  rotateKeys(signal: AbortSignal): Promise<void>;
  /** What a node finds out about itself, and its clock less this one's. Throws `unavailable` where the node is not there. */
  examine(nodeId: string, signal: AbortSignal): Promise<{ readonly report: NodeReport; readonly clockMs: number }>;
}

/** The nodes' own engines, for what Docker's dialect passes on. */
export interface Engines {
  /**
   * One request of one node's engine; bodies stream both ways, held back by whoever reads slower. Throws `unavailable`
   * where the node or its engine is not there; what the engine itself refuses is an answer.
   */
  request(nodeId: string, request: EngineRequest, signal: AbortSignal): Promise<NodeResponse>;
}

export interface EngineRequest extends Omit<NodeRequest, 'path'> {
  /** The engine's, without a version, with the query: `/containers/json?all=1`. */
  readonly path: string;
  /** Version of the Engine API that the client speaks (`1.41`); the node clamps it to its engine's. Absent: the engine's newest. */
  readonly apiVersion?: string;
}

/** An event of one node's engine, as it came. */
export interface EngineEvent {
  readonly nodeId: string;
  readonly nodeName: string;
  readonly event: Definitions['EventMessage'];
}
