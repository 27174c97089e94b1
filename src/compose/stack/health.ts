import type { Healthcheck } from '../../model/container.ts';
import type { Section } from './section.ts';
import { compact } from './section.ts';

export function healthcheck(service: Section): Healthcheck | undefined {
  const check = service.section('healthcheck');
  if (!check.present) return undefined;
  if (check.boolean('disable') === true) return { test: ['NONE'] };
  const test = check.texts('test');
  const first = test?.[0];
  if (first !== undefined && !['NONE', 'CMD', 'CMD-SHELL'].includes(first)) {
    check.fail('test', `a list must begin with "NONE", "CMD" or "CMD-SHELL", not ${JSON.stringify(first)}`);
  }
  if (first === 'CMD-SHELL' && test?.length !== 2) check.fail('test', '"CMD-SHELL" takes one command line after it');
  return compact<Healthcheck>({
    test,
    intervalMs: check.duration('interval'),
    timeoutMs: check.duration('timeout'),
    retries: check.integer('retries', { min: 0 }),
    startPeriodMs: check.duration('start_period'),
    startIntervalMs: check.duration('start_interval'),
  });
}
