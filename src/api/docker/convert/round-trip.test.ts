import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { differences } from '../../../core/plan/difference.ts';
import type { ServiceSpec } from '../../../model/service.ts';
import { serviceSpec } from '../../../model/service.ts';
import { arbitraryOf } from '../testing/arbitrary.ts';
import { carryOver } from './carry.ts';
import { serviceFrom, serviceSchema, serviceTo } from './service-spec.ts';

const host = fc.tuple(fc.stringMatching(/^[a-z]{1,8}$/), fc.ipV4()).map(([name, address]) => `${name}:${address}`);

/** Fields whose absence has another spelling in Docker's shape, or whose form the schema leaves open. */
const special = {
  labels: fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.string()),
  'task.containers[].hosts': fc.array(host),
  'task.containers[].seccomp.mode': fc.constantFrom('default', 'unconfined', 'custom'),
  'task.containers[].secrets[].mode': fc.integer({ min: 0, max: 0o777 }),
  'task.pullCredentials': fc.constant(undefined),
  'task.forceUpdate': fc.integer({ min: 1, max: 9 }),
  mode: fc.oneof(
    fc.record({ kind: fc.constant('replicated'), replicas: fc.nat({ max: 50 }) }),
    fc.record({ kind: fc.constantFrom('global', 'global-job') }),
    fc.record({ kind: fc.constant('replicated-job'), maxConcurrent: fc.nat(), totalCompletions: fc.nat() }),
  ),
  'update.parallelism': fc.nat({ max: 9 }),
  'rollback.parallelism': fc.nat({ max: 9 }),
  'rollback.failureAction': fc.constantFrom('pause', 'continue'),
};

const anySpec = arbitraryOf(serviceSpec, special).filter(
  (value) => serviceSpec.safeParse(value).success,
) as fc.Arbitrary<ServiceSpec>;

/** As it goes over the wire and through a client that leaves out what is false, empty or null. */
const throughClient = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

const read = (json: unknown): ServiceSpec => serviceSpec.parse(serviceFrom(serviceSchema.parse(json), () => 'unused'));

test('what a client reads and writes back means the same, whatever the service has', () => {
  fc.assert(
    fc.property(anySpec, (spec) => {
      const fixed = withWritten(spec);
      const back = carryOver(fixed, read(throughClient(serviceTo(fixed))));
      assert.deepEqual(differences(fixed, back), []);
    }),
    { numRuns: 50 },
  );
});

/** Absent means 1; the dialect writes it out. */
const withWritten = (spec: ServiceSpec): ServiceSpec => ({
  ...spec,
  ...(spec.update === undefined ? {} : { update: { parallelism: 1, maxFailureRatio: 0, ...spec.update } }),
  ...(spec.rollback === undefined ? {} : { rollback: { parallelism: 1, maxFailureRatio: 0, ...spec.rollback } }),
});

const name = fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/);
const dockerHost = fc.tuple(fc.ipV4(), name).map(([address, known]) => `${address} ${known}`);
const selinux = fc.record(
  { Disable: fc.constant(true), User: name, Role: name, Type: name, Level: name },
  { requiredKeys: [], noNullPrototype: true },
);

const portNumber = fc.integer({ min: 1, max: 65_535 });
const dockerPort = fc.record(
  {
    Name: name,
    Protocol: fc.constantFrom('tcp', 'udp', 'sctp'),
    TargetPort: portNumber,
    PublishedPort: portNumber,
    PublishMode: fc.constantFrom('ingress', 'host'),
  },
  { requiredKeys: ['Protocol', 'TargetPort', 'PublishMode'], noNullPrototype: true },
);

const dockerFile = fc.record({ Name: name, UID: name, GID: name, Mode: fc.integer({ min: 0, max: 0o777 }) });

/** Docker's shape as the dialect itself writes it. */
const dockerSpec = arbitraryOf(serviceSchema, {
  Labels: fc.dictionary(name, fc.string()),
  Networks: fc.constant(undefined),
  Mode: fc.oneof(
    fc.record({ Replicated: fc.record({ Replicas: fc.nat() }) }),
    fc.record({ Global: fc.constant({}) }),
    fc.record({ ReplicatedJob: fc.record({ MaxConcurrent: fc.nat(), TotalCompletions: fc.nat() }) }),
    fc.record({ GlobalJob: fc.constant({}) }),
  ),
  Name: name,
  'UpdateConfig.FailureAction': fc.constantFrom('pause', 'continue', 'rollback'),
  'UpdateConfig.Order': fc.constantFrom('stop-first', 'start-first'),
  'RollbackConfig.FailureAction': fc.constantFrom('pause', 'continue'),
  'RollbackConfig.Order': fc.constantFrom('stop-first', 'start-first'),
  'EndpointSpec.Mode': fc.constantFrom('vip', 'dnsrr'),
  'EndpointSpec.Ports[]': dockerPort,
  'TaskTemplate.PluginSpec': fc.constant(undefined),
  'TaskTemplate.NetworkAttachmentSpec': fc.constant(undefined),
  'TaskTemplate.Runtime': fc.constant('container'),
  'TaskTemplate.RestartPolicy.Condition': fc.constantFrom('none', 'on-failure', 'any'),
  'TaskTemplate.Resources.Reservations.GenericResources[]': fc.oneof(
    fc.record({ NamedResourceSpec: fc.record({ Kind: name, Value: name }) }),
    fc.record({ DiscreteResourceSpec: fc.record({ Kind: name, Value: fc.nat() }) }),
  ),
  'TaskTemplate.ContainerSpec.Secrets[].File': dockerFile,
  'TaskTemplate.ContainerSpec.Configs[].File': dockerFile,
  'TaskTemplate.ContainerSpec.HealthCheck': fc.constant(undefined),
  'TaskTemplate.ContainerSpec.Hosts': fc.array(dockerHost),
  'TaskTemplate.ContainerSpec.Mounts[].Type': fc.constantFrom('bind', 'volume', 'tmpfs', 'image'),
  'TaskTemplate.ContainerSpec.Configs[].Runtime': fc.constant(undefined),
  'TaskTemplate.ContainerSpec.Privileges.CredentialSpec': fc.constant(undefined),
  'TaskTemplate.ContainerSpec.Privileges.SELinuxContext': selinux,
  'TaskTemplate.ContainerSpec.Privileges.AppArmor': fc.constant({ Mode: 'disabled' }),
  'TaskTemplate.ContainerSpec.Privileges.Seccomp': fc.record({
    Mode: fc.constantFrom('default', 'unconfined', 'custom'),
    Profile: fc.json().map((json) => Buffer.from(json).toString('base64')),
  }),
});

const fits = (value: unknown): boolean => {
  const parsed = serviceSchema.safeParse(throughClient(value));
  return parsed.success && parsed.data.TaskTemplate.ContainerSpec !== undefined && modelTakes(parsed.data);
};
const modelTakes = (value: Parameters<typeof serviceFrom>[0]): boolean => {
  try {
    return serviceSpec.safeParse(serviceFrom(value, () => 'unused')).success;
  } catch {
    return false;
  }
};

test('inspect returns what was set', () => {
  fc.assert(
    fc.property(dockerSpec.filter(fits), (value) => {
      const sent = throughClient(value);
      const shown = throughClient(serviceTo(read(sent)));
      assert.deepEqual(differences(sent, shown).filter(said), []);
    }),
    { numRuns: 50 },
  );
});

/** What the dialect adds: the values that absence stands for. */
const said = ({ path, before }: { readonly path: string; readonly before?: string }): boolean =>
  before !== undefined ||
  !/^(Name|Mode|TaskTemplate\.(ForceUpdate|Runtime)|(Update|Rollback)Config\.(Parallelism|MaxFailureRatio))/.test(path);
