import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import type { ConfigId, NetworkId, SecretId } from '../../model/ids.ts';
import { TuttiError } from '../../model/errors.ts';
import type { ConfigSpec, SecretSpec } from '../../model/secret.ts';
import type { ServiceSpec } from '../../model/service.ts';
import type { StackSpec } from '../../model/stack.ts';
import { stackLabel } from '../../model/stack.ts';
import type { CurrentState, PlanAction } from './action.ts';
import { planRemoval, planStack } from './plan.ts';
import { execute, nothing } from './testing/execute.ts';

const labels = { [stackLabel]: 'app' };

interface ServiceOptions {
  readonly image?: string;
  readonly replicas?: number;
  readonly networks?: readonly string[];
  readonly secrets?: readonly string[];
  readonly configs?: readonly string[];
}

function service(key: string, options: ServiceOptions = {}): ServiceSpec {
  const { image = 'i', replicas = 1, networks = [], secrets = [], configs = [] } = options;
  return {
    name: `app_${key}`,
    labels: { ...labels, 'com.docker.stack.image': image },
    mode: { kind: 'replicated', replicas },
    task: {
      containers: [
        {
          name: 'main',
          image,
          secrets: secrets.map((name) => ({
            secretId: `app_${name}` as SecretId,
            secretName: `app_${name}`,
            target: name,
          })),
          configs: configs.map((name) => ({
            configId: `app_${name}` as ConfigId,
            configName: `app_${name}`,
            target: name,
          })),
        },
      ],
      networks: networks.map((name) => ({ networkId: `app_${name}` as NetworkId })),
    },
  };
}

const file = (key: string, data: string): SecretSpec & ConfigSpec => ({ name: `app_${key}`, labels, data });
const stack = (parts: Partial<StackSpec>): StackSpec => ({
  name: 'app',
  services: [],
  networks: [],
  secrets: [],
  configs: [],
  ...parts,
});
const network = (key: string) => ({ name: `app_${key}`, labels, driver: 'overlay' as const });
const short = (actions: readonly PlanAction[]): string[] =>
  actions.map(({ kind, object, name }) => `${kind} ${object} ${name}`);
const plan = (desired: StackSpec, current: CurrentState, prune = false) => planStack(desired, current, { prune });
const deploy = (desired: StackSpec, current: CurrentState = nothing, prune = false): CurrentState =>
  execute(current, plan(desired, current, prune));

const whole = stack({
  services: [service('web', { networks: ['front'], secrets: ['pw'], configs: ['conf'] }), service('db')],
  networks: [network('front')],
  secrets: [file('pw', 'b25l')],
  configs: [file('conf', 'b25l')],
});

test('everything is made in an order in which it can be made', () => {
  assert.deepEqual(short(plan(whole, nothing)), [
    'create network app_front',
    'create config app_conf',
    'create secret app_pw',
    'create service app_web',
    'create service app_db',
  ]);
});

test('deployed again nothing is to be done', () => {
  assert.deepEqual(new Set(plan(whole, deploy(whole)).map(({ kind }) => kind)), new Set(['unchanged']));
});

test('only what differs is changed, and the differences are told', () => {
  const next = {
    ...whole,
    services: [
      service('web', { image: 'j', replicas: 3, networks: ['front'], secrets: ['pw'], configs: ['conf'] }),
      service('db'),
    ],
  };
  const changed = plan(next, deploy(whole)).filter(({ kind }) => kind !== 'unchanged');
  assert.deepEqual(short(changed), ['update service app_web']);
  assert.deepEqual(changed[0]?.kind === 'update' ? changed[0].changes : [], [
    { path: 'labels.com.docker.stack.image', before: 'i', after: 'j' },
    { path: 'mode.replicas', before: '1', after: '3' },
    { path: 'task.containers[main].image', before: 'i', after: 'j' },
  ]);
});

test('absent, false and empty are the same', () => {
  const base = service('a');
  const explicit = {
    ...base,
    dependsOn: [],
    endpoint: { ports: [] },
    task: { ...base.task, containers: base.task.containers.map((one) => ({ ...one, tty: false, env: [] })) },
  };
  assert.deepEqual(short(plan(stack({ services: [explicit] }), deploy(stack({ services: [base] })))), [
    'unchanged service app_a',
  ]);
});

test('what left the file stays, or goes with prune, services first', () => {
  const less = stack({ services: [service('db')] });
  assert.deepEqual(short(plan(less, deploy(whole))), ['unchanged service app_db']);
  assert.deepEqual(short(plan(less, deploy(whole), true)), [
    'unchanged service app_db',
    'remove service app_web',
    'remove network app_front',
    'remove config app_conf',
    'remove secret app_pw',
  ]);
  assert.equal(deploy(less, deploy(whole), true).networks.length, 0);
});

test('other stacks are left alone', () => {
  const other = deploy(whole);
  const foreign = JSON.parse(JSON.stringify(other).replaceAll('app', 'foreign')) as CurrentState;
  const both = deploy(whole, foreign);
  assert.deepEqual(planRemoval('app', both).length, 5);
  assert.deepEqual(execute(both, planRemoval('app', both)), foreign);
});

test('changed secret data goes into a successor, and back again', () => {
  const first = deploy(whole);
  const second = plan({ ...whole, secrets: [file('pw', 'dHdv')] }, first);
  assert.deepEqual(
    short(second).filter((line) => !line.startsWith('unchanged')),
    ['create secret app_pw-2', 'update service app_web'],
  );
  assert.doesNotMatch(
    JSON.stringify(second.flatMap((action) => (action.kind === 'update' ? action.changes : []))),
    /dHdv|b25l/,
  );
  const rotated = execute(first, second);
  assert.deepEqual(rotated.secrets.map(({ spec }) => spec.name).sort(), ['app_pw', 'app_pw-2']);
  const back = plan(whole, rotated).filter(({ kind }) => kind !== 'unchanged');
  assert.deepEqual(short(back), ['update service app_web']);
});

test('generations that neither a service nor its rollback needs are removed', () => {
  let state = deploy(whole);
  for (const data of ['dHdv', 'dGhyZWU=', 'Zm91cg==']) state = deploy({ ...whole, secrets: [file('pw', data)] }, state);
  assert.deepEqual(state.secrets.map(({ spec }) => spec.name).sort(), ['app_pw-3', 'app_pw-4']);
  assert.deepEqual(state.secrets.map(({ spec }) => spec.data).sort(), ['Zm91cg==', 'dGhyZWU=']);
});

test('labels of secrets and networks change in place', () => {
  const labelled = {
    ...whole,
    secrets: [{ ...file('pw', 'b25l'), labels: { ...labels, k: 'v' } }],
    networks: [{ ...network('front'), labels: { ...labels, k: 'v' } }],
  };
  assert.deepEqual(
    short(plan(labelled, deploy(whole))).filter((line) => line.startsWith('update')),
    ['update network app_front', 'update secret app_pw'],
  );
});

test('a network that would have to change is refused', () => {
  const changed = { ...whole, networks: [{ ...network('front'), internal: true }] };
  assert.throws(
    () => plan(changed, deploy(whole)),
    (error) =>
      error instanceof TuttiError &&
      error.code === 'conflict' &&
      /app_front exists with another internal/.test(error.message),
  );
});

test('a service that would have to change its mode is refused', () => {
  const global = stack({ services: [{ ...service('db'), mode: { kind: 'global' } }] });
  assert.throws(() => plan(global, deploy(whole)), /app_db is replicated and cannot become global/);
});

test('everything external that is missing is named at once', () => {
  const wanted = stack({ services: [service('a')], external: { networks: ['n'], secrets: ['s'], configs: ['c'] } });
  assert.throws(
    () => plan(wanted, nothing),
    (error) =>
      error instanceof TuttiError &&
      error.code === 'not-found' &&
      ['network n', 'secret s', 'config c'].every((text) => error.message.includes(text)),
  );
});

test('a name that belongs to something else is not taken over', () => {
  const state = deploy(whole);
  const foreign = { ...state, services: state.services.map((one) => ({ ...one, spec: { ...one.spec, labels: {} } })) };
  assert.throws(() => plan(whole, foreign), /the service app_web exists and belongs to no stack/);
});

test('forced updates, credentials and resolved digests survive', () => {
  const state = deploy(whole);
  const touched: CurrentState = {
    ...state,
    services: state.services.map((one) => ({
      ...one,
      spec: {
        ...one.spec,
        task: {
          ...one.spec.task,
          forceUpdate: 7,
          pullCredentials: { r: 'c2VjcmV0' },
          containers: one.spec.task.containers.map((container) => ({ ...container, image: 'i@sha256:0' })),
        },
      },
    })),
  };
  assert.deepEqual(new Set(plan(whole, touched).map(({ kind }) => kind)), new Set(['unchanged']));
  const scaled = {
    ...whole,
    services: whole.services.map((spec) => ({ ...spec, mode: { kind: 'replicated' as const, replicas: 9 } })),
  };
  const update = plan(scaled, touched).find(({ kind }) => kind === 'update');
  assert.ok(update?.kind === 'update' && update.object === 'service');
  assert.equal(update.spec.task.forceUpdate, 7);
  assert.equal(update.spec.task.containers[0]?.image, 'i@sha256:0');
  assert.deepEqual(update.spec.task.pullCredentials, { r: 'c2VjcmV0' });
});

test('credentials are not shown, and the same ones again are no change', () => {
  const withCredentials = (secret: string): StackSpec => {
    const spec = service('a');
    return stack({ services: [{ ...spec, task: { ...spec.task, pullCredentials: { r: secret } } }] });
  };
  const base = deploy(withCredentials('c2VjcmV0'));
  assert.deepEqual(
    plan(withCredentials('c2VjcmV0'), base).map(({ kind }) => kind),
    ['unchanged'],
  );
  const [update] = plan(withCredentials('bmV3'), base);
  assert.ok(update?.kind === 'update');
  assert.equal(update.changes.length, 1);
  assert.doesNotMatch(JSON.stringify(update.changes), /c2Vj|bmV3/);
});

test('variables are compared one by one, and what looks secret is not shown', () => {
  const withEnv = (...env: readonly string[]): StackSpec => {
    const spec = service('a');
    const containers = spec.task.containers.map((one) => ({ ...one, env }));
    return stack({ services: [{ ...spec, task: { ...spec.task, containers } }] });
  };
  const changes = (next: StackSpec) =>
    plan(next, deploy(withEnv('A=1', 'DB_PASSWORD=old'))).flatMap((one) => (one.kind === 'update' ? one.changes : []));
  assert.deepEqual(changes(withEnv('DB_PASSWORD=old', 'A=1')), []);
  assert.deepEqual(changes(withEnv('A=2', 'DB_PASSWORD=new', 'B=3')), [
    { path: 'task.containers[main].env[A]', before: 'A=1', after: 'A=2' },
    { path: 'task.containers[main].env[DB_PASSWORD]', before: '(not shown)', after: '(not shown)' },
    { path: 'task.containers[main].env[B]', after: 'B=3' },
  ]);
});

test('a dependency that is no longer required is a difference', () => {
  const depends = (required?: false): StackSpec =>
    stack({
      services: [
        service('a'),
        {
          ...service('b'),
          dependsOn: [{ service: 'app_a', condition: 'started', ...(required === undefined ? {} : { required }) }],
        },
      ],
    });
  assert.equal(plan(depends(), deploy(depends(false))).filter(({ kind }) => kind === 'update').length, 1);
});

const key = fc.constantFrom('a', 'b', 'c');
const data = fc.constantFrom('b25l', 'dHdv', 'dGhyZWU=');
const anyStack = fc
  .record({
    secrets: fc.dictionary(key, data),
    configs: fc.dictionary(key, data),
    networks: fc.uniqueArray(key),
    services: fc.dictionary(
      key,
      fc.record({
        image: key,
        replicas: fc.nat(3),
        networks: fc.uniqueArray(key),
        secrets: fc.uniqueArray(key),
        configs: fc.uniqueArray(key),
      }),
    ),
  })
  .map(({ secrets, configs, networks, services }) =>
    stack({
      secrets: Object.entries(secrets).map(([name, text]) => file(name, text)),
      configs: Object.entries(configs).map(([name, text]) => file(name, text)),
      networks: networks.map(network),
      services: Object.entries(services).map(([name, options]) =>
        service(name, {
          ...options,
          networks: options.networks.filter((one) => networks.includes(one)),
          secrets: options.secrets.filter((one) => one in secrets),
          configs: options.configs.filter((one) => one in configs),
        }),
      ),
    }),
  );

test('after any history a plan can be carried out, twice is once, and removal leaves nothing', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(anyStack, fc.boolean()), { minLength: 1, maxLength: 6 }), (history) => {
      let state = nothing;
      for (const [desired, prune] of history) {
        state = execute(state, plan(desired, state, prune));
        assert.deepEqual(
          plan(desired, state, prune).filter(({ kind }) => kind !== 'unchanged'),
          [],
        );
        checkData(desired, state);
        if (prune) assert.equal(state.services.length, desired.services.length);
      }
      assert.deepEqual(execute(state, planRemoval('app', state)), nothing);
    }),
    { numRuns: 300 },
  );
});

/** What a service reads under a name is what the stack says the name holds. */
function checkData(desired: StackSpec, state: CurrentState): void {
  for (const spec of desired.services) {
    const stored = state.services.find((one) => one.spec.name === spec.name);
    const wanted = spec.task.containers[0]?.secrets ?? [];
    const found = stored?.spec.task.containers[0]?.secrets ?? [];
    for (const [index, reference] of wanted.entries()) {
      const held = state.secrets.find(({ id }) => id === found[index]?.secretId)?.spec.data;
      assert.equal(held, desired.secrets.find(({ name }) => name === reference.secretName)?.data);
    }
  }
}
