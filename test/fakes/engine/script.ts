/** What a fake container does once it is started: the steps that its command spells. */
export type Step =
  | { readonly kind: 'sleep'; readonly ms: number }
  | { readonly kind: 'print'; readonly stream: 'stdout' | 'stderr'; readonly text: string }
  | { readonly kind: 'exit'; readonly code: number };

/**
 * Reads the few shell commands that tests use, joined by `;`: `sleep SECONDS`, `echo TEXT`, `echo TEXT >&2` and
 * `exit CODE`. Anything else, and no command at all, runs for ever.
 */
export function stepsOf(command: readonly string[] | undefined): readonly Step[] {
  if (command === undefined || command[0] !== 'sh' || command[1] !== '-c') return [];
  const parts = (command[2] ?? '').split(';').map((part) => part.trim());
  const steps = parts.map(stepOf);
  if (steps.some((step) => step === undefined)) return [];
  return [...steps.filter((step) => step !== undefined), { kind: 'exit', code: 0 }];
}

function stepOf(part: string): Step | undefined {
  const sleep = /^sleep ([\d.]+)$/.exec(part)?.[1];
  if (sleep !== undefined) return { kind: 'sleep', ms: Number(sleep) * 1000 };
  const exit = /^exit (\d+)$/.exec(part)?.[1];
  if (exit !== undefined) return { kind: 'exit', code: Number(exit) };
  const echo = /^echo (.*?)( >&2)?$/.exec(part);
  if (echo?.[1] === undefined) return undefined;
  return { kind: 'print', stream: echo[2] === undefined ? 'stdout' : 'stderr', text: `${echo[1]}\n` };
}
