/**
 * A web server that finishes what it has: told to stop it takes no new connections, answers one more request on each that it keeps with
 * `Connection: close`, and ends when none is left. It is HAProxy in the tiny image, with the files of this machine.
 */
const config = (answer: string): string =>
  [
    'global',
    ' nbthread 1',
    ' hard-stop-after 20s',
    'defaults',
    ' mode http',
    ' timeout client 60s',
    ' timeout connect 1s',
    ' timeout server 1s',
    ' option idle-close-on-response',
    'frontend web',
    ' bind :80',
    ` http-request return status 200 content-type text/plain string ${answer}`,
    '',
  ].join('\\n');

/** The command that serves the word as every page. */
const command = (answer: string): readonly string[] => [
  'sh',
  '-c',
  `printf '${config(answer)}' > /tmp/web.cfg && exec /web/haproxy -db -f /tmp/web.cfg`,
];

const mounts = [
  ['/usr/sbin/haproxy', '/web/haproxy'],
  ['/usr/lib', '/lib'],
  ['/usr/lib', '/usr/lib'],
  ['/lib64', '/lib64'],
].flatMap(([from, to]) => ['--mount', `type=bind,src=${from},dst=${to},readonly`]);

const health = [
  '--health-cmd=wget -q -O /dev/null http://127.0.0.1/',
  '--health-interval=1500ms',
  '--health-timeout=10s',
  '--health-retries=5',
];

export interface Served {
  readonly image: string;
  readonly answer: string;
}

/** Arguments of `docker service create` for such a server; its options first. */
export const serviceOf = ({ image, answer }: Served, ...options: readonly string[]): readonly string[] => [
  'service',
  'create',
  '--detach',
  '--stop-signal=SIGUSR1',
  '--stop-grace-period=25s',
  ...options,
  ...health,
  ...mounts,
  image,
  ...command(answer),
];

/** Arguments of `docker service update` that have it answer something else. */
export const answering = (answer: string): readonly string[] => ['--args', command(answer).map(quoted).join(' ')];

/** As Docker's command line takes words apart. */
const quoted = (word: string): string => `"${word.replaceAll(/[\\"$`]/g, String.raw`\$&`)}"`;
