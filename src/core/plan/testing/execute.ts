import type { Network } from '../../../model/network.ts';
import type { Config, Secret } from '../../../model/secret.ts';
import type { Service, ServiceSpec } from '../../../model/service.ts';
import type { CurrentState, PlanAction } from '../action.ts';
import { renameReferences } from '../names.ts';

export const nothing: CurrentState = { services: [], networks: [], secrets: [], configs: [] };

/** Does what a plan says, as the manager does, and fails where the order makes an action impossible. */
export function execute(state: CurrentState, actions: readonly PlanAction[]): CurrentState {
  let next = state;
  for (const action of actions) next = step(next, action);
  return next;
}

function step(state: CurrentState, action: PlanAction): CurrentState {
  switch (action.kind) {
    case 'unchanged':
      return state;
    case 'remove':
      return remove(state, action.object, action.id);
    case 'create':
      return put(state, action.object, `${action.object}-${action.name}-${count(state)}`, action.spec);
    case 'update':
      return put(state, action.object, action.id, action.spec);
  }
}

const count = (state: CurrentState): number =>
  state.services.length + state.networks.length + state.secrets.length + state.configs.length;

function put(state: CurrentState, object: PlanAction['object'], id: string, spec: unknown): CurrentState {
  const key = `${object}s` as const;
  const stored = { version: 1, createdAt: 0, updatedAt: 0 };
  const before = (state[key] as readonly (Service | Network | Secret | Config)[]).find((one) => one.id === id);
  const row = { ...before, ...stored, id, spec: object === 'service' ? withIds(state, spec as ServiceSpec) : spec };
  const service = object === 'service' && before !== undefined ? { ...row, previousSpec: before.spec } : row;
  const others = (state[key] as readonly { readonly id: string }[]).filter((one) => one.id !== id);
  return { ...state, [key]: [...others, service] };
}

function withIds(state: CurrentState, spec: ServiceSpec): ServiceSpec {
  const find =
    (rows: readonly { readonly id: string; readonly spec: { readonly name: string } }[]) => (name: string) => {
      const row = rows.find((one) => one.spec.name === name);
      if (row === undefined) throw new Error(`${spec.name} refers to ${name}, which is not there`);
      return row.id;
    };
  const renamed = renameReferences(spec, {
    network: find(state.networks),
    secret: find(state.secrets),
    config: find(state.configs),
  });
  const names = spec.task.containers[0];
  return {
    ...renamed,
    task: {
      ...renamed.task,
      containers: renamed.task.containers.map((container) => ({
        ...container,
        ...(container.secrets === undefined
          ? {}
          : {
              secrets: container.secrets.map((one, index) => ({
                ...one,
                secretName: names?.secrets?.[index]?.secretName ?? '',
              })),
            }),
        ...(container.configs === undefined
          ? {}
          : {
              configs: container.configs.map((one, index) => ({
                ...one,
                configName: names?.configs?.[index]?.configName ?? '',
              })),
            }),
      })),
    },
  };
}

function remove(state: CurrentState, object: PlanAction['object'], id: string): CurrentState {
  if (object !== 'service' && JSON.stringify(state.services.map(({ spec }) => spec)).includes(`"${id}"`)) {
    throw new Error(`${object} ${id} is in use`);
  }
  const key = `${object}s` as const;
  return { ...state, [key]: (state[key] as readonly { readonly id: string }[]).filter((one) => one.id !== id) };
}
