import type { DeepReadonly } from '../../model/object.ts';
import type { Placement, RestartPolicy, ServiceMode, UpdatePolicy } from '../../model/service.ts';
import type { Section } from './section.ts';
import { compact, compactOrNone, orNone } from './section.ts';

type Platform = NonNullable<DeepReadonly<Placement['platforms']>>[number];

const modes = ['replicated', 'global', 'replicated-job', 'global-job'] as const;

export function serviceMode(service: Section): ServiceMode {
  const deploy = service.section('deploy');
  const mode = deploy.oneOf('mode', modes) ?? 'replicated';
  const asked = deploy.integer('replicas', { min: 0 });
  const scaled = service.integer('scale', { min: 0 });
  if (asked !== undefined && scaled !== undefined && asked !== scaled) {
    service.fail('scale', `contradicts deploy.replicas, which is ${asked}; take one of them out`);
  }
  const replicas = asked ?? scaled;
  if ((mode === 'global' || mode === 'global-job') && replicas !== undefined) {
    (asked === undefined ? service : deploy).fail(
      asked === undefined ? 'scale' : 'replicas',
      `a service of the mode ${mode} runs once on every node; the number of replicas must go`,
    );
  }
  switch (mode) {
    case 'replicated':
      return { kind: mode, replicas: replicas ?? 1 };
    case 'replicated-job':
      return compact<Extract<ServiceMode, { kind: 'replicated-job' }>>({
        kind: mode,
        maxConcurrent: replicas,
        totalCompletions: replicas,
      });
    case 'global':
    case 'global-job':
      return { kind: mode };
  }
}

/** What the file asks for; a job that always ran again would never be done, so for jobs that means `on-failure`. */
export function restartPolicy(service: Section): RestartPolicy | undefined {
  const policy = askedPolicy(service);
  const job = service.section('deploy').text('mode')?.endsWith('-job') === true;
  return job && policy?.condition === 'any' ? { ...policy, condition: 'on-failure' } : policy;
}

/** `deploy.restart_policy`, or else what `restart` says; neither leaves it to Tutti, which restarts always. */
function askedPolicy(service: Section): RestartPolicy | undefined {
  const policy = service.section('deploy').section('restart_policy');
  if (policy.present) {
    if (service.has('restart')) service.warn('restart', 'ignored, because deploy.restart_policy is given');
    return compact<RestartPolicy>({
      condition: restartCondition(policy),
      delayMs: policy.duration('delay'),
      maxAttempts: policy.integer('max_attempts', { min: 0 }),
      windowMs: policy.duration('window'),
    });
  }
  const restart = service.text('restart');
  const failures = /^on-failure(?::(\d+))?$/.exec(restart ?? '');
  if (failures !== null) {
    return compact<RestartPolicy>({
      condition: 'on-failure',
      maxAttempts: failures[1] === undefined ? undefined : Number(failures[1]),
      delayMs: undefined,
      windowMs: undefined,
    });
  }
  switch (restart) {
    case undefined:
      return undefined;
    case 'no':
    case 'false':
      return { condition: 'none' };
    case 'always':
    case 'unless-stopped':
      return { condition: 'any' };
    default:
      service.fail(
        'restart',
        `must be no, always, unless-stopped or on-failure[:times], not ${JSON.stringify(restart)}`,
      );
      return undefined;
  }
}

/** `unless-stopped` and `always` were written here by many; Compose takes them for `any`. */
function restartCondition(policy: Section): RestartPolicy['condition'] {
  const text = policy.text('condition');
  if (text === 'always' || text === 'unless-stopped') return 'any';
  return policy.oneOf('condition', ['none', 'on-failure', 'any']);
}

export function updatePolicy(deploy: Section, key: 'update_config' | 'rollback_config'): UpdatePolicy | undefined {
  const config = deploy.section(key);
  if (!config.present) return undefined;
  const actions =
    key === 'update_config' ? (['pause', 'continue', 'rollback'] as const) : (['pause', 'continue'] as const);
  const ratio = config.number('max_failure_ratio');
  if (ratio !== undefined && (ratio < 0 || ratio > 1)) {
    config.fail('max_failure_ratio', `must be between 0 and 1, not ${ratio}`);
  }
  // The defaults are said as the docker CLI says them, so that a stack deployed by it is not changed.
  return compact<UpdatePolicy>({
    parallelism: config.integer('parallelism', { min: 0 }) ?? 1,
    delayMs: config.duration('delay'),
    failureAction: config.oneOf<'pause' | 'continue' | 'rollback'>('failure_action', actions),
    monitorMs: config.duration('monitor'),
    maxFailureRatio: ratio ?? 0,
    order: config.oneOf('order', ['start-first', 'stop-first']),
  });
}

export function placement(service: Section): Placement | undefined {
  const asked = service.section('deploy').section('placement');
  const constraints = asked.texts('constraints');
  for (const constraint of constraints ?? []) {
    if (!/^\s*\S+\s*(?:==|!=)\s*\S/.test(constraint)) {
      asked.fail('constraints', `${JSON.stringify(constraint)} must have the form key==value or key!=value`);
    }
  }
  const preferences = asked.sections('preferences').map((preference) => {
    const spread = preference.text('spread');
    if (spread === undefined) preference.fail(undefined, 'needs the key "spread", such as node.labels.zone');
    return { spread: spread ?? '' };
  });
  const platform = service.text('platform');
  return compactOrNone<Placement>({
    constraints: orNone(constraints),
    preferences: orNone(preferences),
    maxReplicasPerNode: asked.integer('max_replicas_per_node', { min: 0 }),
    platforms: platform === undefined ? undefined : [parsePlatform(service, platform)],
  });
}

/** `linux/arm64/v8`, `linux/amd64` or `linux`; the variant is not matched on. */
function parsePlatform(service: Section, text: string): Platform {
  const [os, architecture, variant] = text.split('/');
  if (variant !== undefined) service.warn('platform', `the variant ${variant} is not looked at when a node is chosen`);
  return compact<Platform>({ os, architecture });
}
