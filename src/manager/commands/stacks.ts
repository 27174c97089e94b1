import type { CurrentState } from '../../core/plan/action.ts';
import { planRemoval, planStack } from '../../core/plan/plan.ts';
import type { PlanAction } from '../../core/plan/plan.ts';
import { TuttiError } from '../../model/errors.ts';
import type { ServiceSpec } from '../../model/service.ts';
import type { StackSpec } from '../../model/stack.ts';
import type { Transaction, View } from '../../store/store.ts';
import type { Commands } from '../manager.ts';
import { resolve } from '../references.ts';
import { warningsOf } from '../service/check.ts';
import { allocating } from './context.ts';
import type { CommandContext, ServiceContext } from './context.ts';
import { addConfig, addSecret, dropFile } from './files.ts';
import { addNetwork, dropNetwork } from './networks.ts';
import { addService, changeService } from './services.ts';

type StackCommands = Pick<Commands, 'planStack' | 'applyStack' | 'removeStack'>;

export const stackCommands = (context: CommandContext): StackCommands => {
  const { store } = context;
  const apply =
    (stack: StackSpec, options: { readonly prune: boolean }) => (transaction: Transaction, own: ServiceContext) => {
      const actions = planStack(stack, currentState(transaction), options);
      for (const action of actions) carryOut(transaction, action, own);
      return { actions, warnings: actions.flatMap((action) => warningsAbout(transaction, action)) };
    };
  return {
    planStack: async (stack, options) => await tried(context, stack.services, apply(stack, options)),
    applyStack: async (stack, options) => await allocating(context, stack.services, apply(stack, options)),
    removeStack: async (name) => {
      const { value } = await store.update((transaction) => {
        const actions = planRemoval(name, currentState(transaction));
        if (actions.length === 0) throw new TuttiError('not-found', `nothing found in stack: ${name}`);
        for (const action of actions) carryOut(transaction, action, { ...context, given: new Set(), held: [] });
        return actions.map(({ object, name: removed }) => ({ kind: object, name: removed }));
      });
      return { removed: value };
    },
  };
};

/** What a transaction would come to: whatever would refuse it does, and nothing is written. */
const tried = async <Value>(
  context: CommandContext,
  specs: readonly ServiceSpec[],
  decide: (transaction: Transaction, own: ServiceContext) => Value,
): Promise<Value> => {
  const onlyTried = new TuttiError('cancelled', 'the transaction was only tried');
  const values: Value[] = [];
  const committed = allocating(context, specs, (transaction, own) => {
    values.push(decide(transaction, own));
    throw onlyTried;
  });
  await committed.catch((thrown: unknown) => {
    if (thrown !== onlyTried) throw thrown;
  });
  return values[0] as Value;
};

/** Asked when all is there: services of one stack wait for one another whichever is made first. */
const warningsAbout = (view: View, { kind, object, name }: PlanAction): readonly string[] =>
  object === 'service' && (kind === 'create' || kind === 'update')
    ? Array.from(view.find('service', 'name', name)).flatMap(({ spec }) => warningsOf(view, spec))
    : [];

const currentState = (view: View): CurrentState => ({
  services: Array.from(view.list('service')),
  networks: Array.from(view.list('network')),
  secrets: Array.from(view.list('secret')),
  configs: Array.from(view.list('config')),
});

/** Does one action of a plan. The names in a service's specification are resolved as it is stored. */
const carryOut = (transaction: Transaction, action: PlanAction, context: ServiceContext): void => {
  switch (action.kind) {
    case 'create':
      create(transaction, action, context);
      return;
    case 'update':
      update(transaction, action, context);
      return;
    case 'remove':
      remove(transaction, action);
      return;
    case 'unchanged':
  }
};

type ActionOf<Kind extends PlanAction['kind']> = Extract<PlanAction, { kind: Kind }>;

const create = (transaction: Transaction, action: ActionOf<'create'>, context: ServiceContext): void => {
  switch (action.object) {
    case 'network':
      addNetwork(transaction, action.spec, context);
      return;
    case 'secret':
      addSecret(transaction, action.spec, context);
      return;
    case 'config':
      addConfig(transaction, action.spec, context);
      return;
    case 'service':
      addService(transaction, action.spec, context);
  }
};

/** Only services change in place, and the labels of the rest. */
const update = (transaction: Transaction, action: ActionOf<'update'>, context: ServiceContext): void => {
  const missing = () => new TuttiError('not-found', `${action.object} ${action.name} is gone`);
  switch (action.object) {
    case 'network': {
      const network = transaction.get('network', action.id);
      if (network === undefined) throw missing();
      transaction.update('network', { ...network, spec: action.spec });
      return;
    }
    case 'secret': {
      const secret = transaction.get('secret', action.id);
      if (secret === undefined) throw missing();
      transaction.update('secret', { ...secret, spec: action.spec });
      return;
    }
    case 'config': {
      const config = transaction.get('config', action.id);
      if (config === undefined) throw missing();
      transaction.update('config', { ...config, spec: action.spec });
      return;
    }
    case 'service': {
      const service = transaction.get('service', action.id);
      if (service === undefined) throw missing();
      changeService(transaction, service, action.spec, context);
    }
  }
};

const remove = (transaction: Transaction, { object, id }: ActionOf<'remove'>): void => {
  switch (object) {
    case 'network':
      dropNetwork(transaction, resolve(transaction, 'network', id));
      return;
    case 'secret':
    case 'config':
      dropFile(transaction, object, id);
      return;
    case 'service':
      transaction.delete('service', id);
      return;
  }
};
