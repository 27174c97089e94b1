import type { Outcome, ProxyHost } from '../ports.ts';

/** A proxy in memory that takes HAProxy's configuration and commands as far as the front door uses them. For tests. */
export interface FakeHost extends ProxyHost {
  /** What has happened: `start`, `reload`, `stop finish`, `set server …`. */
  readonly said: string[];
  isInstalled: boolean;
  /** Why the next configurations are refused. */
  refusal: string | undefined;
  /** Servers that get requests, as `backend address:port`. */
  ready(): readonly string[];
  /** The configuration that is loaded; undefined: nothing runs. */
  loaded(): string | undefined;
  /** The program is killed when it is next asked to load its configuration again. */
  diesLoading: boolean;
  /** The access log. */
  logged: readonly string[];
  /** The program is killed. */
  kill(): void;
}

interface Server {
  readonly backend: string;
  readonly name: string;
  address: string;
  port: string;
  weight: string;
  ready: boolean;
}

const done: Outcome = { kind: 'done' };

const serversOf = (config: string): Server[] => {
  let backend = '';
  return config.split('\n').flatMap((line) => {
    backend = /^backend (\S+)/.exec(line)?.[1] ?? backend;
    const [, name, address, port, weight, off] =
      /^ {2}server (\S+) ([\d.]+):(\d+) weight (\d+)( disabled)?/.exec(line) ?? [];
    if (name === undefined || address === undefined || port === undefined || weight === undefined) return [];
    return [{ backend, name, address, port, weight, ready: off === undefined }];
  });
};

const stateOf = (servers: readonly Server[]): string =>
  [
    '1',
    '# be_name srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_port',
    ...servers.map(
      ({ backend, name, address, port, weight, ready }) =>
        `${backend} ${name} ${address} ${ready ? '2 0' : '0 1'} ${weight} ${port}`,
    ),
    '',
  ].join('\n');

export const createFakeHost = (): FakeHost => {
  const said: string[] = [];
  const watchers = new Set<() => void>();
  let config: string | undefined;
  let running: { readonly config: string; readonly servers: Server[] } | undefined;
  const run = (what: string): void => {
    said.push(what);
    running = { config: config ?? '', servers: serversOf(config ?? '') };
  };
  const gone = (): void => {
    const told = Array.from(watchers);
    watchers.clear();
    for (const call of told) call();
  };
  const set = (command: string): void => {
    const [, backend, name, rest = ''] = /^set server ([^/]+)\/(\S+) (.*)$/.exec(command) ?? [];
    const server = running?.servers.find((one) => one.backend === backend && one.name === name);
    if (server === undefined) throw new Error(`no such server: ${command}`);
    const [what, value = '', , port = ''] = rest.split(' ');
    if (what === 'addr') Object.assign(server, { address: value, port });
    else if (what === 'weight') server.weight = value;
    else server.ready = value === 'ready';
    said.push(command);
  };
  const control = (line: string): string => {
    if (line === 'show info') return `description: ${/description (\S+)/.exec(running?.config ?? '')?.[1] ?? ''}\n`;
    if (line === 'show servers state') return stateOf(running?.servers ?? []);
    for (const command of line.split(';')) set(command);
    return '\n';
  };
  const fake: FakeHost = {
    said,
    isInstalled: true,
    refusal: undefined,
    diesLoading: false,
    logged: [],
    ready: () =>
      (running?.servers ?? []).flatMap(({ backend, address, port, ready }) =>
        ready ? [`${backend.split(':')[0]} ${address}:${port}`] : [],
      ),
    loaded: () => running?.config,
    kill() {
      running = undefined;
      gone();
    },
    sockets: { master: '/master', control: '/control', metrics: '/metrics' },
    installed: async () => fake.isInstalled,
    pathOf: (name, content) => `/files/${content.length}-${name}`,
    keep: async () => undefined,
    forget: async () => undefined,
    check: async () => (fake.refusal === undefined ? done : { kind: 'refused', reason: fake.refusal }),
    readConfig: async () => config,
    writeConfig: async (text) => {
      config = text;
    },
    start: async () => {
      run('start');
      return done;
    },
    stop: async (how) => {
      said.push(`stop ${how}`);
      config = undefined;
      running = undefined;
    },
    ask: async (who, command) => {
      if (running === undefined) return undefined;
      if (who === 'control') return control(command);
      if (command === 'reload' && fake.diesLoading) {
        fake.diesLoading = false;
        fake.kill();
        return '';
      }
      if (command === 'reload') {
        run('reload');
        gone();
      }
      return '1 master 0 [failed: 0]\n# old workers\n# programs\n';
    },
    async *lines() {
      yield* await Promise.resolve(fake.logged);
    },
    metrics: async () => undefined,
    watch(call) {
      watchers.add(call);
      return { [Symbol.dispose]: () => void watchers.delete(call) };
    },
  };
  return fake;
};
