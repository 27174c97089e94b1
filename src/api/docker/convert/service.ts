import type { ServiceRecord } from '../../../manager/manager.ts';
import { isJob } from '../../../model/service.ts';
import type { UpdateStatus } from '../../../model/service.ts';
import type { Definitions } from '../../../platform/engine/types.generated.ts';
import { endpointTo, portTo } from './endpoint.ts';
import { objectTo } from './object.ts';
import type { ServiceSpecOut } from './service-spec.ts';
import { serviceTo } from './service-spec.ts';
import { given, sparse } from './sparse.ts';
import { timestampOf } from './time.ts';

export type ServiceOut = Omit<Definitions['Service'], 'Spec' | 'UpdateStatus'> & {
  Spec?: ServiceSpecOut;
  PreviousSpec?: ServiceSpecOut;
  UpdateStatus?: { State: string; StartedAt: string; CompletedAt?: string; Message: string };
};

/** `status` adds the counts of tasks, which clients ask for with `?status=true`. */
export const serviceRecordTo = (record: ServiceRecord, status: boolean): ServiceOut => {
  const { service } = record;
  return sparse({
    ...objectTo(service),
    Spec: serviceTo(service.spec),
    PreviousSpec: given(service.previousSpec, serviceTo),
    Endpoint: {
      Spec: endpointTo(service.spec.endpoint ?? {}),
      ...(service.ports.length > 0 ? { Ports: service.ports.map(portTo) } : {}),
    },
    UpdateStatus: given(service.updateStatus, updateStatusTo),
    ServiceStatus: status
      ? { RunningTasks: record.running, DesiredTasks: record.desired, CompletedTasks: record.completed }
      : undefined,
    JobStatus: isJob(service.spec)
      ? { JobIteration: { Index: service.specVersion }, LastExecution: timestampOf(service.createdAt) }
      : undefined,
  });
};

const updateStatusTo = (update: UpdateStatus) =>
  sparse({
    State: update.state,
    StartedAt: timestampOf(update.startedAt),
    CompletedAt: given(update.completedAt, timestampOf),
    Message: update.message,
  });
