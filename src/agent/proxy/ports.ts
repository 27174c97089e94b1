/** What became of a program or of what was asked of it. */
export type Outcome = { readonly kind: 'done' } | { readonly kind: 'refused'; readonly reason: string };

/** The proxy of this node as a program, and the files that it reads. Everything is in a directory of its own. */
export interface ProxyHost {
  /** Where the proxy makes its sockets. */
  readonly sockets: { readonly master: string; readonly control: string; readonly metrics: string };
  /** Whom it runs as once it listens; absent: as the agent. */
  readonly user?: { readonly uid: number; readonly gid: number };
  /** False where the program is not installed. */
  installed(): Promise<boolean>;
  /** Path of the file that has this content; `keep` makes it. */
  pathOf(name: string, content: string): string;
  /** Makes the files that are not there yet. On a memory file system: there may be keys among them. */
  keep(files: ReadonlyMap<string, string>): Promise<void>;
  /** Removes the files that are not among these paths. */
  forget(kept: ReadonlySet<string>): Promise<void>;
  /** Whether the program takes this configuration. */
  check(config: string, signal: AbortSignal): Promise<Outcome>;
  /** The configuration that it begins with and loads again. */
  readConfig(): Promise<string | undefined>;
  writeConfig(config: string): Promise<void>;
  /** Begins the program, after the end of one that was left behind. It outlives the agent. */
  start(signal: AbortSignal): Promise<Outcome>;
  /** Ends it, where it runs. `finish`: what it is doing goes on to its end, for as long as its configuration says. */
  stop(how: 'finish' | 'at once'): Promise<void>;
  /** Says something to the proxy, gives its answer. Undefined where nobody answers. */
  ask(who: 'master' | 'control', command: string, signal: AbortSignal): Promise<string | undefined>;
  /** The lines of its answer, as they come and as they are taken. They end when it has said everything or is gone. */
  lines(command: string, signal: AbortSignal): AsyncIterable<string>;
  /** Prometheus' text format, of what it does in all and for each route. Undefined where nobody answers. */
  metrics(signal: AbortSignal): Promise<string | undefined>;
  /** Calls once when the program that runs now is gone, or loads its configuration again. */
  watch(gone: () => void): Disposable;
}
