import { TuttiError } from '../../model/errors.ts';
import type { ServiceId } from '../../model/ids.ts';
import { isJob } from '../../model/service.ts';
import type { Service, ServiceSpec } from '../../model/service.ts';
import type { Transaction } from '../../store/store.ts';
import type { Commands, Created } from '../manager.ts';
import { resolve } from '../references.ts';
import { changed, rolledBack } from '../service/change.ts';
import { checkedSpec, warningsOf } from '../service/check.ts';
import { withEndpoint } from '../service/endpoint.ts';
import { allocating, newRow } from './context.ts';
import type { CommandContext, ServiceContext } from './context.ts';

type ServiceCommands = Pick<
  Commands,
  'createService' | 'updateService' | 'rollbackService' | 'scaleService' | 'removeService'
>;

export const serviceCommands = (context: CommandContext): ServiceCommands => {
  const { store } = context;
  return {
    createService: async (spec) =>
      await allocating(context, [spec], (transaction, own) => addService(transaction, spec, own)),
    updateService: async (reference, version, spec) => ({
      warnings: await allocating(context, [spec], (transaction, own) =>
        changeService(transaction, resolve(transaction, 'service', reference), spec, own, version),
      ),
    }),
    rollbackService: async (reference, version) => ({
      warnings: await allocating(context, [], (transaction, own) =>
        rollBack(transaction, resolve(transaction, 'service', reference), version, own),
      ),
    }),
    scaleService: async (reference, replicas) => {
      await allocating(context, [], (transaction, own) => {
        const service = resolve(transaction, 'service', reference);
        changeService(transaction, service, scaled(service, replicas), own);
      });
    },
    removeService: async (reference) => {
      await store.update((transaction) => {
        transaction.delete('service', resolve(transaction, 'service', reference).id);
      });
    },
  };
};

export const addService = (transaction: Transaction, wanted: ServiceSpec, context: ServiceContext): Created => {
  const spec = checkedSpec(transaction, wanted);
  const row = newRow<ServiceId>(context);
  transaction.create('service', withEndpoint(transaction, { ...row, spec, specVersion: 1, ports: [] }, context));
  return { id: row.id, warnings: warningsOf(transaction, spec) };
};

/** Returns warnings. */
export const changeService = (
  transaction: Transaction,
  service: Service,
  wanted: ServiceSpec,
  context: ServiceContext,
  version?: number,
): readonly string[] => {
  const { name, mode } = service.spec;
  if (wanted.name !== name) {
    throw new TuttiError('invalid-argument', `service ${name} cannot be renamed to ${wanted.name}: make a new one`);
  }
  if (wanted.mode.kind !== mode.kind) {
    throw new TuttiError('not-implemented', `service ${name} is ${mode.kind} and cannot become ${wanted.mode.kind}`);
  }
  const spec = checkedSpec(transaction, wanted);
  const next = changed(service, spec);
  const isNew = next.specVersion !== service.specVersion;
  const dated = isNew ? { ...next, specVersionAt: context.clock.now() } : next;
  const expected = version === undefined ? undefined : { specReadAt: version };
  transaction.update('service', withEndpoint(transaction, dated, context), expected);
  return warningsOf(transaction, spec);
};

const rollBack = (
  transaction: Transaction,
  service: Service,
  version: number,
  context: ServiceContext,
): readonly string[] => {
  if (service.previousSpec === undefined) {
    throw new TuttiError('conflict', `service ${service.id} does not have a previous spec`);
  }
  // What it referred to may be gone by now.
  const back = rolledBack(service, 'swap');
  const spec = checkedSpec(transaction, back.spec);
  const updateStatus = {
    state: 'rollback_started',
    startedAt: context.clock.now(),
    message: 'manually requested rollback',
  } as const;
  // A job is not moved from one version to the other: it runs again.
  const status = isJob(spec) ? {} : { updateStatus };
  const next = withEndpoint(transaction, { ...back, spec, ...status }, context);
  transaction.update('service', next, { specReadAt: version });
  return warningsOf(transaction, spec);
};

const scaled = ({ spec }: Service, replicas: number): ServiceSpec => {
  switch (spec.mode.kind) {
    case 'replicated':
      return { ...spec, mode: { ...spec.mode, replicas } };
    case 'replicated-job':
      return { ...spec, mode: { ...spec.mode, totalCompletions: replicas } };
    case 'global':
    case 'global-job':
      throw new TuttiError('invalid-argument', `service ${spec.name} runs on every node and cannot be scaled`);
  }
};
