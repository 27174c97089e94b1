import { planRemoval, planStack } from '../../../src/core/plan/plan.ts';
import type { PlanAction } from '../../../src/core/plan/plan.ts';
import type { Commands } from '../../../src/manager/manager.ts';
import { TuttiError } from '../../../src/model/errors.ts';
import type { ConfigId, NetworkId, SecretId, ServiceId } from '../../../src/model/ids.ts';
import type { Service, ServiceSpec } from '../../../src/model/service.ts';
import type { FakeState } from './state.ts';
import { emit, resolve, stamp } from './state.ts';
import { settle } from './tasks.ts';

const byName = (item: { readonly spec: { readonly name: string } }): string => item.spec.name;

const checkVersion = (object: { readonly id: string; readonly version: number }, version: number): void => {
  if (object.version !== version) throw new TuttiError('version-mismatch', `${object.id} has changed meanwhile`);
};

const checkName = (items: ReadonlyMap<string, { readonly spec: { readonly name: string } }>, name: string): void => {
  if ([...items.values()].some((item) => item.spec.name === name)) {
    throw new TuttiError('already-exists', `${name} already exists`);
  }
};

export const createCommands = (state: FakeState): Commands => {
  const service = (reference: string): Service => resolve(state.services, 'service', reference, byName);
  const put = (before: Service, spec: ServiceSpec): void => {
    const after: Service = {
      ...before,
      ...stamp(state),
      createdAt: before.createdAt,
      spec,
      previousSpec: before.spec,
      specVersion: before.specVersion + (JSON.stringify(before.spec.task) === JSON.stringify(spec.task) ? 0 : 1),
      ports: portsOf(spec),
    };
    state.services.set(after.id, after);
    settle(state, after);
    emit(state, 'service', 'update', { id: after.id, name: spec.name });
  };
  const commands: Commands = {
    createService: async (spec) => {
      checkName(state.services, spec.name);
      const id = state.random.id() as ServiceId;
      const made: Service = { id, ...stamp(state), spec, specVersion: 1, ports: portsOf(spec) };
      state.services.set(id, made);
      settle(state, made);
      emit(state, 'service', 'create', { id, name: spec.name });
      return { id, warnings: [] };
    },
    updateService: async (reference, version, spec) => {
      const before = service(reference);
      checkVersion(before, version);
      put(before, spec);
      return { warnings: [] };
    },
    rollbackService: async (reference, version) => {
      const before = service(reference);
      checkVersion(before, version);
      if (before.previousSpec === undefined) {
        throw new TuttiError('conflict', `service ${before.id} does not have a previous spec`);
      }
      put(before, before.previousSpec);
      return { warnings: [] };
    },
    scaleService: async (reference, replicas) => {
      const before = service(reference);
      if (before.spec.mode.kind !== 'replicated') {
        throw new TuttiError('invalid-argument', `service ${before.spec.name} is not replicated`);
      }
      put(before, { ...before.spec, mode: { kind: 'replicated', replicas } });
    },
    removeService: async (reference) => {
      const gone = service(reference);
      state.services.delete(gone.id);
      for (const task of state.tasks.values()) if (task.serviceId === gone.id) state.tasks.delete(task.id);
      emit(state, 'service', 'remove', { id: gone.id, name: gone.spec.name });
    },
    createNetwork: async (spec) => {
      if ([...state.networks.values()].some((network) => network.spec.name === spec.name)) {
        throw new TuttiError('already-exists', `network with name ${spec.name} already exists`);
      }
      const id = state.random.id() as NetworkId;
      state.networks.set(id, { id, ...stamp(state), spec, subnet: '10.128.16.0/20', gateway: '10.128.16.1' });
      emit(state, 'network', 'create', { id, name: spec.name });
      return { id, warnings: [] };
    },
    removeNetwork: async (reference) => {
      const gone = resolve(state.networks, 'network', reference, byName);
      const user = [...state.services.values()].find((item) =>
        item.spec.task.networks?.some((network) => network.networkId === gone.id),
      );
      if (user !== undefined) throw new TuttiError('in-use', `network ${gone.id} is in use by service ${user.id}`);
      state.networks.delete(gone.id);
      emit(state, 'network', 'remove', { id: gone.id, name: gone.spec.name });
    },
    createSecret: async (spec) => {
      checkName(state.secrets, spec.name);
      const id = state.random.id() as SecretId;
      state.secrets.set(id, { id, ...stamp(state), spec });
      return { id, warnings: [] };
    },
    updateSecret: async (reference, version, spec) => {
      const before = resolve(state.secrets, 'secret', reference, byName);
      checkVersion(before, version);
      if (before.spec.data !== spec.data)
        throw new TuttiError('invalid-argument', 'only updates to Labels are allowed');
      state.secrets.set(before.id, { ...before, ...stamp(state), spec });
    },
    removeSecret: async (reference) => {
      state.secrets.delete(resolve(state.secrets, 'secret', reference, byName).id);
    },
    createConfig: async (spec) => {
      checkName(state.configs, spec.name);
      const id = state.random.id() as ConfigId;
      state.configs.set(id, { id, ...stamp(state), spec });
      return { id, warnings: [] };
    },
    updateConfig: async (reference, version, spec) => {
      const before = resolve(state.configs, 'config', reference, byName);
      checkVersion(before, version);
      if (before.spec.data !== spec.data)
        throw new TuttiError('invalid-argument', 'only updates to Labels are allowed');
      state.configs.set(before.id, { ...before, ...stamp(state), spec });
    },
    removeConfig: async (reference) => {
      state.configs.delete(resolve(state.configs, 'config', reference, byName).id);
    },
    updateNode: async (reference, version, spec) => {
      const before = resolve(state.nodes, 'node', reference, (node) => node.description?.hostname ?? '');
      checkVersion(before, version);
      state.nodes.set(before.id, { ...before, ...stamp(state), spec });
      if (spec.availability === 'drain') for (const item of state.services.values()) settle(state, item);
    },
    removeNode: async (reference, force) => {
      const gone = resolve(state.nodes, 'node', reference, (node) => node.description?.hostname ?? '');
      if (!force) throw new TuttiError('conflict', `node ${gone.id} is not down and can't be removed`);
      state.nodes.delete(gone.id);
      state.nodeStatus.delete(gone.id);
    },
    updateCluster: async (version, spec) => {
      checkVersion(state.cluster, version);
      state.cluster = { ...state.cluster, ...stamp(state), spec };
    },
    rotateJoinToken: async (role) => {
      const token = `SWMTKN-1-digest-${state.random.id()}`;
      state.cluster = { ...state.cluster, joinTokens: { ...state.cluster.joinTokens, [role]: token } };
      return token;
    },
    planStack: (stack, options) => planStack(stack, currentOf(state), options),
    applyStack: async (stack, options) => {
      const actions = planStack(stack, currentOf(state), options);
      for (const action of actions) await act(state, commands, action);
      return { actions, warnings: [] };
    },
    removeStack: async (name) => {
      const actions = planRemoval(name, currentOf(state));
      if (actions.length === 0) throw new TuttiError('not-found', `stack ${name} not found`);
      for (const action of actions) await act(state, commands, action);
      return { removed: actions.map((action) => ({ kind: action.object, name: action.name })) };
    },
  };
  return commands;
};

const portsOf = (spec: ServiceSpec): Service['ports'] =>
  (spec.endpoint?.ports ?? []).map((port, index) => ({ ...port, published: port.published ?? 30_000 + index }));

const currentOf = (state: FakeState) => ({
  services: [...state.services.values()],
  networks: [...state.networks.values()],
  secrets: [...state.secrets.values()],
  configs: [...state.configs.values()],
});

/** Carries out one step of a plan; names in specifications become ids. */
const act = async (state: FakeState, commands: Commands, action: PlanAction): Promise<void> => {
  if (action.kind === 'unchanged') return;
  switch (action.object) {
    case 'network':
      if (action.kind === 'create') await commands.createNetwork(action.spec);
      if (action.kind === 'remove') await commands.removeNetwork(action.id);
      return;
    case 'secret':
      if (action.kind === 'create') await commands.createSecret(action.spec);
      if (action.kind === 'remove') await commands.removeSecret(action.id);
      return;
    case 'config':
      if (action.kind === 'create') await commands.createConfig(action.spec);
      if (action.kind === 'remove') await commands.removeConfig(action.id);
      return;
    case 'service': {
      if (action.kind === 'remove') return await commands.removeService(action.id);
      const spec = withIds(state, action.spec);
      if (action.kind === 'create') await commands.createService(spec);
      else await commands.updateService(action.id, state.services.get(action.id)?.version ?? 0, spec);
      return;
    }
  }
};

const withIds = (state: FakeState, spec: ServiceSpec): ServiceSpec => ({
  ...spec,
  task: {
    ...spec.task,
    networks: (spec.task.networks ?? []).map((attached) => ({
      ...attached,
      networkId: resolve(state.networks, 'network', attached.networkId, byName).id,
    })),
  },
});
