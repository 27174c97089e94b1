import { networkIdOf, networkLabel } from '../../model/network.ts';
import { followAttachments } from '../attachments/follow.ts';
import type { AttachmentEngine, Attachments } from '../attachments/ports.ts';
import type { Exec } from '../network/ports.ts';
import type { ShortcutPorts } from './ports.ts';
import { applyScript, cameLater, removedRules, shortcutOf, shortcutRules } from './rules.ts';
import type { Shortcut } from './rules.ts';

/** Starting and removing containers comes first: a question that goes the long way until then has the same answer. */
const restMs = 1_000;
const mostRests = 60;
const commandMs = 10_000;
/** One that is stopped is told of again when it starts. */
const mostTries = 20;

/**
 * Has what containers ask Docker's resolver go straight to the node's, for containers to which that makes no difference but
 * of time: at a tenth of the cost, and also while the engine hangs. Follows the engine until it is disposed of; what was made
 * stays with the container.
 */
export function createShortcuts({ engine, exec, clock, log }: ShortcutPorts): AsyncDisposable {
  const ended = new AbortController();
  const { signal } = ended;
  const waiting = new Set<string>();
  /** Containers that are, or were when they were looked at, on a network of ours: they are looked at again whatever changes. */
  const followed = new Set<string>();
  /** Container → what it was given last. */
  const given = new Map<string, string>();
  /** Containers that came later and have no rules yet → how often they were looked at. */
  const wanting = new Map<string, number>();
  /** How often anything was told of. */
  let noted = 0;
  let working: Promise<void> | undefined;

  const inside = insideWith(exec, signal);
  const give = async (id: string, found: Attachments, shortcut: Shortcut): Promise<void> => {
    const key = `${found.pid} ${shortcut.gateway}`;
    if (given.get(id) === key) return;
    const urgent = cameLater(found);
    const failure = await inside(found.pid, applyScript, shortcut.address, shortcutRules(shortcut), { urgent });
    if (failure === undefined) given.set(id, key);
    else log.debug('names of a container go by its engine', { container: id, reason: failure });
  };
  /** Networks that pass nothing on, where that matters. */
  const internalTo = async (found: Attachments): Promise<ReadonlySet<string>> => {
    const known = cameLater(found) ? await engine.listNetworks([networkLabel], { signal }) : [];
    return new Set(known.flatMap(({ name, internal }) => (internal ? [name] : [])));
  };
  const look = async (id: string): Promise<void> => {
    const found = await engine.attachmentsOf(id, { signal });
    if (found === undefined || found.pid <= 0) followed.delete(id);
    else followed.add(id);
    if (found === undefined) {
      given.delete(id);
      return;
    }
    const shortcut = shortcutOf(found, await internalTo(found));
    if (shortcut !== undefined) await give(id, found, shortcut);
    else if (given.delete(id) && found.pid > 0) await inside(found.pid, removeScript, '', removedRules);
    // Its networks are told before it runs, and without the rules it does not find its names at all.
    const isWanting = cameLater(found) && !given.has(id) && (found.pid <= 0 || shortcut !== undefined);
    const times = isWanting ? (wanting.get(id) ?? 0) + 1 : 0;
    if (times === 0 || times > mostTries) wanting.delete(id);
    else {
      wanting.set(id, times);
      waiting.add(id);
    }
  };
  const work = async (): Promise<void> => {
    while (waiting.size > 0 && !signal.aborted) {
      let before = -1;
      for (let rests = 0; noted !== before && rests < mostRests; rests += 1) {
        before = noted;
        await clock.sleep(restMs, signal);
      }
      const batch = [...waiting];
      waiting.clear();
      for (const id of batch) {
        await look(id).catch((thrown: unknown) => {
          if (!signal.aborted) log.debug('a container is not looked at', { container: id, reason: String(thrown) });
        });
      }
    }
  };
  const note = (id: string): void => {
    noted += 1;
    followed.add(id);
    waiting.add(id);
    working ??= work()
      .catch(() => undefined)
      .finally(() => (working = undefined));
  };
  const living = followAttachments(
    { engine, clock, log },
    {
      adopt(running) {
        for (const id of given.keys()) if (!running.has(id)) given.delete(id);
        for (const id of followed) if (!running.has(id)) followed.delete(id);
        for (const id of running) note(id);
      },
      changed(container, network) {
        if (networkIdOf(network) !== undefined || followed.has(container)) note(container);
      },
    },
    signal,
  );

  return {
    async [Symbol.asyncDispose]() {
      ended.abort();
      await living;
      await working;
    },
  };
}

/** Takes the rules from the containers that stay when everything of ours goes: they are told nothing by then. */
export async function removeShortcuts(
  {
    engine,
    exec,
  }: Pick<ShortcutPorts, 'exec'> & { readonly engine: Pick<AttachmentEngine, 'runningOn' | 'attachmentsOf'> },
  signal: AbortSignal,
): Promise<void> {
  for (const { id, networks } of await engine.runningOn({ signal })) {
    if (!networks.some((name) => networkIdOf(name) !== undefined)) continue;
    const { pid = 0 } = (await engine.attachmentsOf(id, { signal })) ?? {};
    if (pid > 0) await insideWith(exec, signal)(pid, removeScript, '', removedRules);
  }
}

const removeScript = 'nft -f -';

/** Runs a script in a process's network; gives why it failed. */
const insideWith =
  (exec: Exec, signal: AbortSignal) =>
  async (
    pid: number,
    script: string,
    argument: string,
    input: string,
    { urgent = false }: { readonly urgent?: boolean } = {},
  ): Promise<string | undefined> => {
    const args = ['-n', urgent ? '0' : '19', 'nsenter', '-t', String(pid), '-n', 'sh', '-c', script, 'sh', argument];
    const { code, stderr } = await exec('nice', args, { input, timeoutMs: commandMs, signal });
    return code === 0 ? undefined : `${code}: ${stderr.trim()}`;
  };
