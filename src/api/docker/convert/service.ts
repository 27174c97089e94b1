import { jobCounts } from '../../../core/orchestrate/job.ts';
import type { ServiceRecord } from '../../../manager/manager.ts';
import { isJob } from '../../../model/service.ts';
import type { ServiceSpec, UpdateStatus } from '../../../model/service.ts';
import type { Definitions } from '../../../platform/engine/types.generated.ts';
import { endpointTo, portTo } from './endpoint.ts';
import { objectTo } from './object.ts';
import { withDefaults } from './service-defaults.ts';
import type { ServiceSpecOut } from './service-spec.ts';
import { serviceTo } from './service-spec.ts';
import { given, sparse } from './sparse.ts';
import { timestampOf } from './time.ts';

export type ServiceOut = Omit<Definitions['Service'], 'Spec' | 'UpdateStatus'> & {
  Spec?: ServiceSpecOut;
  PreviousSpec?: ServiceSpecOut;
  UpdateStatus?: { State: string; StartedAt: string; CompletedAt?: string; Message: string };
};

export interface ServiceShown {
  /** Adds the counts of tasks, which clients ask for with `?status=true`. */
  readonly status?: boolean;
  /** Fills in what was left open. */
  readonly defaults?: boolean;
}

export const serviceRecordTo = (
  record: ServiceRecord,
  { status = false, defaults = false }: ServiceShown,
): ServiceOut => {
  const shown = (spec: ServiceSpec): ServiceSpecOut => (defaults ? withDefaults(serviceTo(spec)) : serviceTo(spec));
  const { service } = record;
  return sparse({
    ...objectTo(service),
    Spec: shown(service.spec),
    PreviousSpec: given(service.previousSpec, shown),
    Endpoint: {
      Spec: endpointTo(service.spec.endpoint ?? {}),
      ...(service.ports.length > 0 ? { Ports: service.ports.map(portTo) } : {}),
      ...(record.virtualIps.length > 0 && {
        VirtualIPs: record.virtualIps.map(({ networkId, address }) => ({ NetworkID: networkId, Addr: address })),
      }),
    },
    UpdateStatus: given(service.updateStatus, updateStatusTo),
    ServiceStatus: status ? statusOf(record) : undefined,
    JobStatus: isJob(service.spec)
      ? {
          JobIteration: { Index: service.specVersion },
          LastExecution: timestampOf(service.specVersionAt ?? service.createdAt),
        }
      : undefined,
  });
};

/** Clients add completed and desired tasks of global jobs up; of replicated jobs they want how many may run at once. */
const statusOf = ({ service: { spec }, running, desired, completed }: ServiceRecord) => {
  const { mode } = spec;
  const wanted =
    mode.kind === 'global-job'
      ? Math.max(0, desired - completed)
      : mode.kind === 'replicated-job'
        ? jobCounts(mode).concurrent
        : desired;
  return { RunningTasks: running, DesiredTasks: wanted, CompletedTasks: completed };
};

const updateStatusTo = (update: UpdateStatus) =>
  sparse({
    State: update.state,
    StartedAt: timestampOf(update.startedAt),
    CompletedAt: given(update.completedAt, timestampOf),
    Message: update.message,
  });
