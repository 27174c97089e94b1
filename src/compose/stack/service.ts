import type { Dependency, EndpointSpec, ServiceSpec, TaskSpec } from '../../model/service.ts';
import type { ContainerOf } from './container.ts';
import { containerSpec } from './container.ts';
import { placement, restartPolicy, serviceMode, updatePolicy } from './deploy.ts';
import { stackLabels } from './labels.ts';
import { attachments } from './networks.ts';
import { ports } from './ports.ts';
import { routeLabels } from './routes.ts';
import type { Section } from './section.ts';
import { compact, compactOrNone, orNone } from './section.ts';

/** The docker CLI's label with the image as the file has it. */
const imageLabel = 'com.docker.stack.image';

/** @param linkedAs Other names by which services link to this one. */
export function serviceSpec(service: Section, of: ContainerOf, linkedAs: readonly string[]): ServiceSpec {
  const deploy = service.section('deploy');
  const container = containerSpec(service, of);
  if (service.has('container_name')) {
    const message = 'is a name in the network only; containers have names of their own, because there may be several';
    service.warn('container_name', message);
  }
  return compact<ServiceSpec>({
    name: of.names.service(of.key),
    labels: stackLabels(of.stack, deploy.dictionary('labels'), {
      ...routeLabels(service, of),
      [imageLabel]: container.image,
    }),
    task: compact<TaskSpec>({
      containers: [container],
      networks: attachments(service, of.names, { key: of.key, linkedAs }),
      restart: restartPolicy(service) ?? (isAwaited(of) ? { condition: 'on-failure' } : undefined),
      placement: placement(service),
      logging: compactOrNone<NonNullable<TaskSpec['logging']>>({
        driver: service.section('logging').text('driver'),
        options: service.section('logging').dictionary('options'),
      }),
      forceUpdate: undefined,
      // Whoever deploys adds their logins.
      pullCredentials: undefined,
    }),
    mode: serviceMode(service),
    update: updatePolicy(deploy, 'update_config'),
    rollback: updatePolicy(deploy, 'rollback_config'),
    endpoint: compactOrNone<EndpointSpec>({
      mode: deploy.oneOf('endpoint_mode', ['vip', 'dnsrr']),
      ports: ports(service),
    }),
    dependsOn: dependencies(service, of),
  });
}

const conditions = {
  service_started: 'started',
  service_healthy: 'healthy',
  service_completed_successfully: 'completed',
} as const;

/** Whether another service waits until this one has completed: what is restarted always never would. */
function isAwaited({ root, key }: ContainerOf): boolean {
  const awaits = (service: Section): boolean =>
    service
      .named('depends_on')
      .some(([other, it]) => other === key && it.text('condition') === 'service_completed_successfully');
  return root.named('services').some(([, service]) => awaits(service));
}

/** What the service waits for: `depends_on`, and the services that it links to. */
function dependencies(service: Section, { names, root }: ContainerOf): readonly Dependency[] | undefined {
  const runnable = root.named('services').filter(([, other]) => !other.has('provider'));
  const known = new Set(runnable.map(([key]) => key));
  const found = new Map<string, Dependency>();
  for (const link of service.texts('links') ?? []) {
    const key = link.split(':')[0] ?? '';
    found.set(key, { service: names.service(key), condition: 'started' });
  }
  for (const [key, dependency] of service.named('depends_on')) {
    if (!known.has(key)) {
      dependency.warn(undefined, 'ignored, because there is no such service that is run');
      continue;
    }
    const condition = dependency.oneOf('condition', Object.keys(conditions) as (keyof typeof conditions)[]);
    found.set(
      key,
      compact<Dependency>({
        service: names.service(key),
        condition: conditions[condition ?? 'service_started'],
        required: dependency.boolean('required') === false ? false : undefined,
      }),
    );
  }
  return orNone([...found.values()]);
}
