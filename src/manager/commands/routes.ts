import { parseConstraint } from '../../core/schedule/constraint.ts';
import { TuttiError } from '../../model/errors.ts';
import { routeName } from '../../model/route.ts';
import type { Route, RouteSpec } from '../../model/route.ts';
import type { Transaction, View } from '../../store/store.ts';
import type { Commands } from '../manager.ts';
import { resolveExactly } from '../references.ts';
import { checkCertificate, checkDoorPorts, isDoorOpen } from '../service/door.ts';
import { clusterOf } from './cluster.ts';
import type { CommandContext } from './context.ts';
import { newRow } from './context.ts';

type RouteCommands = Pick<Commands, 'addRoute' | 'removeRoute' | 'changeDoor'>;

/** The front door: routes that are no service's own, and where it is. */
export const routeCommands = (context: CommandContext): RouteCommands => {
  const { store } = context;
  return {
    addRoute: async (spec) => {
      const name = routeName(spec.match);
      await store.update((transaction) => {
        if (routeNamed(transaction, name) !== undefined) {
          throw new TuttiError('already-exists', `there is a route ${name} already: remove it first`);
        }
        check(transaction, spec);
        transaction.create('route', { ...newRow<string>(context), spec });
      });
      return name;
    },
    removeRoute: async (name) => {
      await store.update((transaction) => {
        const route = routeNamed(transaction, name);
        if (route === undefined) {
          const advice = 'a route that a service asks for goes with its labels';
          throw new TuttiError('not-found', `there is no route ${name} that was added by itself; ${advice}`);
        }
        transaction.delete('route', route.id);
      });
    },
    changeDoor: async (door) => {
      await store.update((transaction) => {
        for (const text of door.constraints ?? []) {
          const parsed = parseConstraint(text);
          if (parsed.kind === 'invalid') throw new TuttiError('invalid-argument', parsed.reason);
        }
        if (door.httpPort !== undefined && door.httpPort === door.httpsPort) {
          throw new TuttiError('invalid-argument', 'the front door needs two ports that differ');
        }
        const cluster = clusterOf(transaction);
        transaction.update('cluster', { ...cluster, spec: { ...cluster.spec, door } });
        if (isDoorOpen(transaction)) checkDoorPorts(transaction, 'a route');
      });
    },
  };
};

const routeNamed = (view: View, name: string): Route | undefined =>
  Array.from(view.list('route')).find(({ spec }) => routeName(spec.match) === name);

const check = (transaction: Transaction, { match, action, options }: RouteSpec): void => {
  if (action.kind === 'services') {
    for (const { service, network } of action.targets) {
      resolveExactly(transaction, 'service', service);
      if (network !== undefined) resolveExactly(transaction, 'network', network);
    }
  }
  if (options?.tls !== undefined) checkCertificate(transaction, options.tls);
  checkDoorPorts(transaction, `route ${routeName(match)}`);
};
