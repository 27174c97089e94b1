/** What is asked of the machine that the caller runs on. */
export interface Machine {
  readonly hostname: string;
  /** IPv4 addresses of the interfaces that are up, loopback left out, the default route's interface first. */
  addresses(): Promise<readonly { readonly address: string; readonly interface: string; readonly mtu: number }[]>;
  /** Its own IPv6 addresses, those of a link alone left out. */
  addresses6(): Promise<readonly string[]>;
  /** Undefined when the port can be listened on; else what is in the way, for people. */
  portTaken(address: string, port: number): Promise<string | undefined>;
  /** Asks the engine for its version: undefined when it answers, else why it does not. */
  engineProblem(endpoint: string, signal?: AbortSignal): Promise<string | undefined>;
}
