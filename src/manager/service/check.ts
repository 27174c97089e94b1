import { attributeKeys, parseAttribute } from '../../core/schedule/attribute.ts';
import { parseConstraint } from '../../core/schedule/constraint.ts';
import { kindCheck } from '../../core/schedule/filters/filters.ts';
import { requirementsOf } from '../../core/schedule/requirements.ts';
import { TuttiError } from '../../model/errors.ts';
import { idlePortLabels, isNodeAddress, readPortLabels, withPortLabels } from '../../model/port-labels.ts';
import { hasRouteLabels, readRouteLabels } from '../../model/route-labels.ts';
import type { ContainerSpec } from '../../model/container.ts';
import { mapFiles } from '../../model/file-references.ts';
import type { Network } from '../../model/network.ts';
import type { NetworkAttachment, ServiceSpec } from '../../model/service.ts';
import type { View } from '../../store/store.ts';
import { ingressNetwork } from '../allocator.ts';
import { resolveExactly } from '../references.ts';
import { checkCertificate, checkDoorPorts } from './door.ts';

const invalid = (message: string): TuttiError => new TuttiError('invalid-argument', message);

/**
 * A service's specification with every reference an id. Throws `not-found` for what is not there and `invalid-argument`
 * for what cannot be.
 */
export const checkedSpec = (view: View, spec: ServiceSpec): ServiceSpec => {
  checkContainers(spec);
  checkRoutes(view, spec);
  checkIngress(view, spec);
  checkPorts(view, spec);
  for (const text of spec.task.placement?.constraints ?? []) {
    const parsed = parseConstraint(text);
    if (parsed.kind === 'invalid') throw invalid(parsed.reason);
  }
  for (const { service } of spec.dependsOn ?? []) {
    if (service === spec.name) throw invalid(`service ${spec.name} depends on itself`);
  }
  const networks = spec.task.networks?.map((attachment) => checkedAttachment(view, spec, attachment));
  const containers = spec.task.containers.map((container) => checkedContainer(view, container));
  return { ...spec, task: { ...spec.task, containers, ...(networks === undefined ? {} : { networks }) } };
};

const checkContainers = ({ name, task }: ServiceSpec): void => {
  for (const { secrets = [], configs = [], resources } of task.containers) {
    checkAmounts(resources?.limits);
    checkAmounts(resources?.reservations);
    checkTargets(
      'secret',
      secrets.map(({ secretName, target }) => [secretName, target === '' ? secretName : target]),
    );
    checkTargets(
      'config',
      configs.map(({ configName, target }) => [configName, target === '' ? configName : target]),
    );
  }
  const names = new Set(task.containers.map((container) => container.name));
  if (names.size < task.containers.length) throw invalid(`service ${name}: two containers have the same name`);
};

/** What a service asks of the front door by its labels. */
const checkRoutes = (view: View, { name, labels }: ServiceSpec): void => {
  if (!hasRouteLabels(labels)) return;
  const { routes, problems } = readRouteLabels(name, labels);
  if (problems.length > 0) throw invalid(`service ${name}: ${problems.join('; ')}`);
  for (const { options } of routes) if (options?.tls !== undefined) checkCertificate(view, options.tls);
  if (routes.length > 0) checkDoorPorts(view, `a route of service ${name}`);
};

/** How ports are to be served. Whether they are free: see ports.ts. */
const checkPorts = (view: View, { name, labels, endpoint }: ServiceSpec): void => {
  const { problems } = readPortLabels(labels);
  if (problems.length > 0) throw invalid(`service ${name}: ${problems.join('; ')}`);
  for (const { hostAddress, mode } of withPortLabels(endpoint?.ports ?? [], labels)) {
    if (mode !== 'ingress' || hostAddress === undefined) continue;
    if (!isNodeAddress(hostAddress))
      throw invalid(`service ${name}: a port can be published at an address of nodes, not at "${hostAddress}"`);
    if (hostAddress.includes(':') && ingressNetwork(view)?.ipv6 === undefined)
      throw invalid(
        `service ${name}: a port cannot be published at ${hostAddress}: the ingress network of this cluster has no IPv6; make it anew with "docker network create --ingress --ipv6"`,
      );
  }
};

/** Below these no engine starts a container. */
const leastMemoryBytes = 4 * 1024 * 1024;
const leastNanoCpus = 1e6;

const checkAmounts = (
  amounts: { readonly nanoCpus?: number | undefined; readonly memoryBytes?: number | undefined } = {},
): void => {
  const { nanoCpus = 0, memoryBytes = 0 } = amounts;
  if (memoryBytes !== 0 && memoryBytes < leastMemoryBytes) {
    throw invalid(`invalid memory value ${memoryBytes}: Must be at least 4MiB`);
  }
  if (nanoCpus !== 0 && nanoCpus < leastNanoCpus) {
    throw invalid(`invalid cpu value ${nanoCpus / 1e9}: Must be at least 0.001`);
  }
};

/** Two files cannot be in one place: no engine would start the container. */
const checkTargets = (kind: string, files: readonly (readonly [name: string, target: string])[]): void => {
  const holders = new Map<string, string>();
  for (const [name, target] of files) {
    const other = holders.get(target);
    if (other !== undefined) {
      throw invalid(`${kind} references '${other}' and '${name}' have a conflicting target: '${target}'`);
    }
    holders.set(target, name);
  }
};

/** Ports on every node are served through a network that a user may have taken away. */
const checkIngress = (view: View, { endpoint }: ServiceSpec): void => {
  if (endpoint?.ports?.some(({ mode }) => mode === 'ingress') !== true || ingressNetwork(view) !== undefined) return;
  throw new TuttiError('conflict', 'service needs ingress network, but no ingress network is present');
};

/** Of networks that share a name, the one that was asked for as an overlay: Swarm's services know no other. */
const networkOfService = (view: View, reference: string): Network => {
  const found = resolveExactly(view, 'network', reference);
  if (found.id === reference || found.spec.shownDriver === undefined) return found;
  const isMeant = ({ spec }: Network): boolean => spec.name === found.spec.name && spec.shownDriver === undefined;
  return Array.from(view.list('network')).find(isMeant) ?? found;
};

const checkedAttachment = (view: View, spec: ServiceSpec, attachment: NetworkAttachment): NetworkAttachment => {
  const network = networkOfService(view, attachment.networkId);
  if (network.spec.ingress === true) {
    throw invalid(`Service cannot be explicitly attached to the ingress network "${network.spec.name}"`);
  }
  const single = spec.mode.kind === 'replicated' && spec.mode.replicas <= 1;
  if ((attachment.ipv4Address ?? attachment.ipv6Address) !== undefined && !single) {
    throw invalid(`service ${spec.name}: an address can be given to a service with one task only`);
  }
  return { ...attachment, networkId: network.id };
};

const checkedContainer = (view: View, container: ContainerSpec): ContainerSpec =>
  mapFiles(container, {
    secret: (one) => {
      const { id, spec } = view.get('secret', one.secretId) ?? resolveExactly(view, 'secret', one.secretName);
      return { ...one, secretId: id, secretName: spec.name };
    },
    config: (one) => {
      const { id, spec } = view.get('config', one.configId) ?? resolveExactly(view, 'config', one.configName);
      return { ...one, configId: id, configName: spec.name };
    },
  });

/** Remarks on what is allowed but will not do what its author may expect. */
export const warningsOf = (view: View, spec: ServiceSpec): readonly string[] => {
  const warnings: string[] = [];
  if (!fitsSomewhere(view, spec)) {
    const constraints = spec.task.placement?.constraints?.join(', ') ?? '';
    const why = constraints === '' ? 'platforms, plugins or releases of the engine' : `constraints (${constraints})`;
    warnings.push(`no node meets the ${why} of service ${spec.name} now: its tasks wait until one does`);
  }
  for (const { spread } of spec.task.placement?.preferences ?? []) {
    if (parseAttribute(spread.trim()) !== undefined) continue;
    const known = attributeKeys.join(', ');
    warnings.push(`service ${spec.name} is not spread over "${spread}", which no node has; there are ${known}`);
  }
  for (const port of idlePortLabels(spec.endpoint?.ports ?? [], spec.labels))
    warnings.push(`service ${spec.name} has a label for port ${port}, which it does not publish on every node`);
  for (const { service } of spec.dependsOn ?? []) {
    const [found] = view.find('service', 'name', service);
    if (found === undefined)
      warnings.push(`service ${spec.name} waits for service ${service}, which does not exist yet`);
  }
  return warnings;
};

const fitsSomewhere = (view: View, spec: ServiceSpec): boolean => {
  if (view.count('node') === 0) return true;
  const check = kindCheck(requirementsOf({ spec: spec.task }));
  for (const node of view.list('node')) if (check({ node }) === undefined) return true;
  return false;
};
