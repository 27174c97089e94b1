import type { NodeId } from '../../model/ids.ts';
import type { Draft } from '../task/draft.ts';
import { adoptSuccessors } from './adopt.ts';
import { holdBack } from './depend.ts';
import { orchestrateGlobal } from './global.ts';
import { orchestrateGlobalJob, orchestrateReplicatedJob } from './job.ts';
import { orchestrateReplicated } from './replicated.ts';

export interface OrchestrateOptions {
  /** Nodes that a service with one task per node is to have a task on. Asked for such services only. */
  readonly eligible: () => Iterable<NodeId>;
  /** What `unmetDependencies` says of the service. */
  readonly unmet?: string | undefined;
}

/** Decides which tasks a service is to have, into the draft. Versions are left alone: an update moves them (core/update). */
export const orchestrate = (draft: Draft, options: OrchestrateOptions): void => {
  adoptSuccessors(draft);
  const { mode } = draft.state.service.spec;
  switch (mode.kind) {
    case 'replicated':
      orchestrateReplicated(draft, mode.replicas);
      break;
    case 'global':
      orchestrateGlobal(draft, options.eligible(), 'running');
      break;
    case 'replicated-job':
      orchestrateReplicatedJob(draft, mode);
      break;
    case 'global-job':
      orchestrateGlobalJob(draft, options.eligible());
      break;
  }
  holdBack(draft, options.unmet);
};
