import type { Command } from 'commander';
import type { AcmeFlags, DoorFlags, RouteFlags } from '../actions/routes.ts';
import { collect, wholeNumber, withExamples, withFormat } from './options.ts';
import type { Registry } from './register.ts';

interface Flags extends Readonly<Record<string, unknown>> {
  readonly header: readonly string[];
  readonly redirect?: string;
  readonly drop?: boolean;
}

/** Options that say what the label of the same name says. */
const texts: Readonly<Record<string, string>> = {
  method: 'only these methods: GET,HEAD',
  rate: 'requests of one client in a time: 100/s',
  timeout: 'the longest silence of a task: 30s',
  body: 'the longest request body: 10m',
  'proxy-protocol': 'how tasks are told of the client: v1, v2',
  tls: 'the secret with certificate and key',
  http: 'with --tls, requests without it: redirect, serve',
  network: 'the network by which tasks are reached',
};
const switches: Readonly<Record<string, string>> = {
  sticky: 'a client stays with the task that it got first',
  compress: 'compress answers',
  retry: 'what a task hangs up on is asked of another one',
  strip: 'take the prefix off on the way',
  maintenance: 'answer 503 to everything',
};

const camel = (name: string): string => name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());

const flagsOf = (flags: Flags): RouteFlags => ({
  texts: Object.fromEntries(
    [...Object.keys(texts), ...Object.keys(switches)].flatMap((name) => {
      const value = flags[camel(name)];
      return typeof value === 'string' || value === true ? [[name, `${value}`]] : [];
    }),
  ),
  headers: flags.header,
  drop: flags.drop === true,
  ...(flags.redirect !== undefined && { redirect: flags.redirect }),
});

export const registerRoutes = ({ program, open }: Registry): void => {
  const route = program.command('route').description('routes of the front door: which requests go to which services');
  withExamples(route, 'tutti route ls', 'tutti route add shop.example/api web:8080');
  const list = withFormat(route.command('ls'))
    .description('list them, with what is wrong')
    .action(async (_flags: unknown, command: Command) => {
      const { listRoutes } = await import('../actions/routes.ts');
      await listRoutes(await open(command));
    });
  withExamples(list, 'tutti route ls', 'tutti route ls --format json');
  const add = withFormat(route.command('add'))
    .description("add one that is no service's own; those of services are labels, see docs/front-door.md")
    .argument('<host/path>', 'shop.example, *.example/api, */status')
    .argument('[service:port...]', 'where it leads; web:80=90 with a weight')
    .option('--header <name=value>', 'only with this header; may be given several times', collect, [])
    .option('--redirect <to>', 'to another place instead: https://new.example')
    .option('--drop', 'close the connection instead');
  for (const [name, description] of Object.entries(texts)) add.option(`--${name} <value>`, description);
  for (const [name, description] of Object.entries(switches)) add.option(`--${name}`, description);
  add.action(async (place: string, services: readonly string[], flags: Flags, command: Command) => {
    const { addRoute, routeOf } = await import('../actions/routes.ts');
    const spec = routeOf(place, services, flagsOf(flags));
    await addRoute(await open(command), spec);
  });
  withExamples(
    add,
    'tutti route add shop.example web:80',
    'tutti route add shop.example web:80=90 web-next:80=10 --sticky',
    'tutti route add old.example --redirect https://shop.example',
  );
  const remove = withFormat(route.command('rm'))
    .description('remove one that was added')
    .argument('<route>', 'as it is listed')
    .action(async (name: string, _flags: unknown, command: Command) => {
      const { removeRoute } = await import('../actions/routes.ts');
      await removeRoute(await open(command), name);
    });
  withExamples(remove, 'tutti route rm shop.example/api');
  const logs = withFormat(route.command('logs'))
    .description('show the requests that the front doors of all nodes answered ("tutti door --access-log on")')
    .argument('[route]', 'only those of this route, as it is listed')
    .option('-f, --follow', 'go on as they come', false)
    .option('-n, --tail <lines>', 'only the last of each node', wholeNumber)
    .action(
      async (
        name: string | undefined,
        { follow, tail }: { readonly follow: boolean; readonly tail?: number },
        command: Command,
      ) => {
        const { routeLogs } = await import('../actions/routes.ts');
        await routeLogs(await open(command), name, { follow, ...(tail !== undefined && { tail }) });
      },
    );
  withExamples(logs, 'tutti route logs --tail 20', 'tutti route logs -f shop.example/api --format json');
  const door = withFormat(program.command('door'))
    .description('show or set where the front door is')
    .option('--http-port <port>', 'for HTTP', wholeNumber)
    .option('--https-port <port>', 'for TLS', wholeNumber)
    .option(
      '--constraint <constraint>',
      'only on nodes with this, as for services; may be given several times',
      collect,
      [],
    )
    .option(
      '--proxy-from <network>',
      'who stands in front and speaks the PROXY protocol, or none; may be given several times',
      collect,
      [],
    )
    .option('--access-log <on|off>', 'keep the last requests of each node as JSON')
    .option('--everywhere', 'on every node')
    .option('--off', 'on no node')
    .option('--on', 'on nodes again')
    .action(async (flags: DoorFlags, command: Command) => {
      const action = await import('../actions/routes.ts');
      await action.door(await open(command), flags);
    });
  const metrics = door
    .command('metrics')
    .description("print what all nodes' front doors count, in Prometheus' text format")
    .action(async (_flags: unknown, command: Command) => {
      const { doorMetrics } = await import('../actions/routes.ts');
      await doorMetrics(await open(command));
    });
  withExamples(metrics, 'tutti door metrics > door.prom');
  const acme = withFormat(door.command('acme'))
    .description('set where certificates of routes with "tls: acme" come from')
    .option(
      '--directory <url>',
      'of the authority: https://acme-v02.api.letsencrypt.org/directory; its terms are agreed to',
    )
    .option('--email <address>', 'whom the authority writes to')
    .option('--authority <file>', 'whom to trust as this directory (PEM), where the system does not')
    .option('--off', 'get none any more')
    .action(async (flags: AcmeFlags, command: Command) => {
      const action = await import('../actions/routes.ts');
      await action.acme(await open(command), flags);
    });
  withExamples(
    acme,
    'tutti door acme --directory https://acme-v02.api.letsencrypt.org/directory --email me@shop.example',
  );
  withExamples(door, 'tutti door', 'tutti door --constraint node.labels.edge==true', 'tutti door --http-port 8080');
};
