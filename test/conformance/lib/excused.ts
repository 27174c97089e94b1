import type { Violation } from './inspector.ts';

/** Departures from the specification that are known: whose they are, and why they are left alone. */
interface Excuse {
  readonly side: Violation['side'];
  readonly endpoint: RegExp;
  readonly problem: RegExp;
  readonly why: string;
}

const swarmObject = '(?:nodes|services|secrets|configs|networks|tasks|swarm)';

const excuses: readonly Excuse[] = [
  {
    side: 'request',
    endpoint: /./,
    problem: / must be (?:object|array|string) \{/,
    why: 'the docker command writes null for what is not given',
  },
  {
    side: 'answer',
    endpoint: /./,
    problem: /^\S*\/Networks\/[^/]+\/(?:Links|Aliases|IPAMConfig|DriverOpts|DNSNames) must be/,
    why: 'engines before 25 write null for what an endpoint does not have',
  },
  {
    side: 'answer',
    endpoint: /^POST \/(?:services|volumes|networks)\/create$/,
    problem: /^status (?:400|404) is not one/,
    why: 'engines say 500 to what the client did wrong; it is 400 or 404 here',
  },
  {
    side: 'answer',
    endpoint: /^\w+ \/plugins\//,
    problem: /^status 501 is not one/,
    why: 'plugins are installed on one engine at a time: each node has its own',
  },
  {
    side: 'answer',
    endpoint: /^POST \/swarm\/leave$/,
    problem: /^status 501 is not one/,
    why: "no machine is behind a manager in memory: leaving is the machine's own socket's",
  },
  {
    side: 'answer',
    endpoint: /^GET \/distribution/,
    problem: /^status 503 is not one/,
    why: 'no engine is behind these nodes: an engine alone always has itself',
  },
  {
    side: 'answer',
    endpoint: new RegExp(`^\\w+ /${swarmObject}`),
    problem: /^status 400 is not one/,
    why: "Docker's own answer to what its Swarm mode refuses as it is now (in use, not down)",
  },
  {
    side: 'answer',
    endpoint: /^GET \/services/,
    problem: /UpdateStatus\/State must be equal to one of the allowed values/,
    why: "Docker's own states of a rollback (rollback_started, …) are missing in the specification",
  },
  {
    side: 'answer',
    endpoint: /^POST \/(?:secrets|configs)\/create$/,
    problem: /must have required property 'Id'/,
    why: 'Docker answers ID, and its clients read that',
  },
];

const fits =
  ({ side, endpoint, problem }: Violation) =>
  (excuse: Excuse): boolean =>
    excuse.side === side && excuse.endpoint.test(endpoint) && excuse.problem.test(problem);

/** The departures that nobody has an excuse for. */
export const unexcused = (violations: readonly Violation[]): readonly Violation[] =>
  violations.filter((violation) => !excuses.some(fits(violation)));
