export type ContainerHealth = 'none' | 'starting' | 'healthy' | 'unhealthy';

/**
 * A listing says health and exit code in its human-readable status only: "Up 2 hours (healthy)",
 * "Up 3 seconds (health: starting)", "Exited (137) 5 minutes ago". The texts are as old as the API.
 */
export function healthOfStatus(status: string): ContainerHealth {
  if (status.includes('(healthy)')) return 'healthy';
  if (status.includes('(unhealthy)')) return 'unhealthy';
  if (status.includes('(health: starting)')) return 'starting';
  return 'none';
}

/** The exit code in a listing's status; undefined where the container has not ended. */
export function exitCodeOfStatus(status: string): number | undefined {
  const exited = /^(?:Exited|Restarting) \((-?\d+)\)/.exec(status);
  return exited?.[1] === undefined ? undefined : Number(exited[1]);
}
