import type { ContainerSpec } from '../../model/container.ts';
import type { NodeIdentity, RunnableTask } from './labels.ts';
import type { Networking } from './networking.ts';

/** Everything that one container is made from. */
export interface RequestContext {
  readonly task: RunnableTask;
  readonly spec: ContainerSpec;
  readonly node: NodeIdentity;
  readonly networking: Networking;
  /** Secrets and configs as they lie on this machine. */
  readonly files: readonly { readonly path: string; readonly target: string }[];
  /** The API version that is spoken with the engine. */
  readonly engineApi: string;
}
