import { TuttiError } from '../../src/model/errors.ts';
import type { ServiceSpec } from '../../src/model/service.ts';
import type { Commands } from '../../src/manager/manager.ts';
import type { Store } from '../../src/store/store.ts';
import { createLedger } from './ledger.ts';
import type { Thing } from './ledger.ts';
import type { Life, SimManager } from './manager.ts';
import type { Prng } from './prng.ts';
import type { Say } from './trace.ts';
import { anyService, changed } from './workload.ts';
import type { Surroundings } from './workload.ts';

/** Someone who makes, changes and removes services, networks and secrets, and remembers what was answered. */
export interface User {
  /** Does one thing, if there is a manager. */
  act(): void;
  /** The manager that lives has answered everything. */
  idle(): boolean;
  made(): number;
  /** A manager has started: what was acknowledged must be there. Throws a Violation. */
  check(store: Store): void;
  /** Asks for every node to be active, and for everything to be removed. Call it until it says that nothing is left. */
  removeAll(): boolean;
}

export function createUser(machine: Pick<SimManager, 'current'>, random: Prng, say: Say): User {
  const ledger = createLedger();
  /** Requests without an answer, by the manager that they were made to: one that died never answers. */
  const pending = new Map<Life, number>();
  const count = { service: 0, network: 0, secret: 0 };

  const submit = (
    table: Thing,
    name: string,
    wanted: unknown,
    call: (commands: Commands, store: Store) => Promise<unknown>,
  ): void => {
    const life = machine.current();
    if (life === undefined || !ledger.asked(table, name, wanted)) return;
    say(`user: ${wanted === undefined ? 'remove' : 'put'} ${table} ${name} ${JSON.stringify(wanted) ?? ''}`);
    pending.set(life, (pending.get(life) ?? 0) + 1);
    const answered = (done: boolean): void => {
      ledger.answered(table, name, done);
      pending.set(life, (pending.get(life) ?? 0) - 1);
    };
    call(life.manager.commands, life.store).then(
      () => answered(true),
      (thrown: unknown) => {
        const error = TuttiError.from(thrown);
        say(`refused: ${table} ${name}: ${error.message}`);
        // What the user asked for may be refused; that the manager stumbles is its fault.
        if (error.code === 'internal') throw thrown;
        answered(false);
      },
    );
  };
  const put = {
    network: (name: string) => {
      const spec = { name, driver: 'overlay' } as const;
      submit('network', name, spec, (commands) => commands.createNetwork(spec));
    },
    secret: (name: string) => {
      const spec = { name, data: Buffer.from(name).toString('base64') };
      submit('secret', name, spec, (commands) => commands.createSecret(spec));
    },
    service: (spec: ServiceSpec) => submit('service', spec.name, spec, (commands) => commands.createService(spec)),
  };
  const remove: Readonly<Record<Thing, (name: string) => void>> = {
    service: (name) => submit('service', name, undefined, (commands) => commands.removeService(name)),
    network: (name) => submit('network', name, undefined, (commands) => commands.removeNetwork(name)),
    secret: (name) => submit('secret', name, undefined, (commands) => commands.removeSecret(name)),
  };
  const change = (store: Store, name: string): void => {
    const [service] = store.view.find('service', 'name', name);
    if (service === undefined) return;
    const spec = changed(service.spec, around(store, ledger.known('service')), random);
    submit('service', name, spec, (commands) => commands.updateService(name, service.version, spec));
  };
  const rollBack = (store: Store, name: string): void => {
    const [service] = store.view.find('service', 'name', name);
    if (service?.previousSpec === undefined) return;
    const { version } = service;
    submit('service', name, service.previousSpec, (commands) => commands.rollbackService(name, version));
  };
  const act = (): void => {
    const life = machine.current();
    if (life === undefined) return;
    const { store } = life;
    const services = ledger.known('service');
    const draw = random.number();
    if (services.length === 0 || draw < 0.42) {
      if (count.network < 4 && random.chance(0.35)) put.network(`net${(count.network += 1)}`);
      if (count.secret < 3 && random.chance(0.25)) put.secret(`secret${(count.secret += 1)}`);
      put.service(anyService(`s${(count.service += 1)}`, around(store, services), random));
    } else if (draw < 0.74) change(store, random.pick(services));
    else if (draw < 0.78) rollBack(store, random.pick(services));
    else if (draw < 0.88) remove.service(random.pick(services));
    else if (draw < 0.92) {
      const table = random.pick(['network', 'secret'] as const);
      const names = ledger.known(table);
      if (names.length > 0) remove[table](random.pick(names));
    } else setAvailability(life, random.pick(['active', 'active', 'pause', 'drain'] as const), random, say);
  };
  return {
    act,
    idle: () => {
      const life = machine.current();
      return life !== undefined && (pending.get(life) ?? 0) === 0;
    },
    made: () => count.service,
    check: (store) => ledger.settle(store),
    removeAll: () => {
      for (const name of ledger.known('service')) remove.service(name);
      if (ledger.known('service').length > 0) return false;
      for (const table of ['network', 'secret'] as const) for (const name of ledger.known(table)) remove[table](name);
      return ledger.known('network').length + ledger.known('secret').length === 0;
    },
  };
}

const around = (store: Store, services: readonly string[]): Surroundings => ({
  networks: [...store.view.list('network')]
    .filter(({ spec }) => spec.driver === 'overlay' && spec.ingress !== true)
    .map(({ id }) => id),
  secrets: [...store.view.list('secret')].map(({ id, spec }) => ({ id, name: spec.name })),
  services,
});

function setAvailability(life: Life, availability: 'active' | 'pause' | 'drain', random: Prng, say: Say): void {
  const nodes = [...life.store.view.list('node')];
  if (nodes.length === 0) return;
  const node = random.pick(nodes);
  say(`user: ${node.spec.name} ${availability}`);
  life.manager.commands.updateNode(node.id, node.version, { ...node.spec, availability }).catch(() => undefined);
}
