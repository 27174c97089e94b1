/** -1, 0 or 1 as API version `a` (`1.41`) is older than, the same as or newer than `b`. */
export function compareApi(a: string, b: string): number {
  const [majorA = 0, minorA = 0] = a.split('.').map(Number);
  const [majorB = 0, minorB = 0] = b.split('.').map(Number);
  return Math.sign(majorA - majorB || minorA - minorB);
}

/** First API version whose engines make a container on several networks at once. */
export const severalNetworksApi = '1.44';
